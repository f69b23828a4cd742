// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "clinux.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef CLOSE_RANGE_CLOEXEC
#define CLOSE_RANGE_CLOEXEC (1U << 2)
#endif

struct report {
    int step;
    int error;
};

// Everything from here to `run_child` runs between fork and exec in a copy of a process with many threads: another
// thread may hold any lock of the allocator or the runtime, so only async-signal-safe calls and raw system calls.

static void report_and_exit(int report_fd, int step) {
    struct report report = {step, errno};
    ssize_t ignored = write(report_fd, &report, sizeof report);
    (void)ignored;
    _exit(127);
}

static void reset_signals(void) {
    struct sigaction standard = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++) {
        // KILL, STOP and the two that glibc keeps for itself refuse; there is nothing to reset in them.
        (void)sigaction(number, &standard, NULL);
    }
    sigset_t none;
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static int close_others_on_exec(void) {
    if (syscall(SYS_close_range, 3U, ~0U, CLOSE_RANGE_CLOEXEC) == 0) {
        return 0;
    }
    // Kernels before 5.11.
    struct rlimit limit;
    rlim_t last = 65536;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < last) {
        last = limit.rlim_cur;
    }
    for (rlim_t fd = 3; fd < last; fd++) {
        (void)fcntl((int)fd, F_SETFD, FD_CLOEXEC);
    }
    return 0;
}

static int place_descriptors(const struct clinux_spawn_request *request) {
    int wanted[3] = {request->standard_input, request->standard_output, request->standard_error};
    int moved[3];
    // First out of the way, as a descriptor meant for 1 may itself be number 0.
    for (int i = 0; i < 3; i++) {
        if (wanted[i] < 0) {
            int null = open("/dev/null", i == 0 ? O_RDONLY | O_CLOEXEC : O_WRONLY | O_CLOEXEC);
            if (null < 0) {
                return -1;
            }
            moved[i] = fcntl(null, F_DUPFD_CLOEXEC, 3);
        } else {
            moved[i] = fcntl(wanted[i], F_DUPFD_CLOEXEC, 3);
        }
        if (moved[i] < 0) {
            return -1;
        }
    }
    for (int i = 0; i < 3; i++) {
        if (dup2(moved[i], i) < 0) {
            return -1;
        }
    }
    return close_others_on_exec();
}

// Raw system calls: glibc's wrappers would ask every thread of the parent, which this process does not have.
static int take_identity(const struct clinux_spawn_request *request) {
    if (!request->changes_identity) {
        return 0;
    }
    if (geteuid() == 0) {
        if (syscall(SYS_setgroups, request->group_count, request->groups) != 0) {
            return -1;
        }
    }
    if (syscall(SYS_setresgid, request->gid, request->gid, request->gid) != 0) {
        return -1;
    }
    if (syscall(SYS_setresuid, request->uid, request->uid, request->uid) != 0) {
        return -1;
    }
    return 0;
}

// A program that was just written is busy as long as another child, forked while it was open, has not come to its own
// program: a moment. Two seconds are waited for it.
static void execute(const struct clinux_spawn_request *request) {
    const struct timespec pause = {.tv_nsec = 5 * 1000 * 1000};
    for (int tries = 0; tries < 400; tries++) {
        execve(request->executable, request->arguments, request->environment);
        if (errno != ETXTBSY) {
            return;
        }
        (void)nanosleep(&pause, NULL);
    }
    errno = ETXTBSY;
}

static void run_child(const struct clinux_spawn_request *request, pid_t parent, const int gate[2], int report_fd) {
    if (gate[1] >= 0) {
        // Or the child itself would keep open what it waits for the end of.
        close(gate[1]);
    }
    if (request->standing == CLINUX_STANDING_SESSION && setsid() < 0) {
        report_and_exit(report_fd, CLINUX_STEP_STANDING);
    }
    if (request->standing == CLINUX_STANDING_GROUP && setpgid(0, 0) != 0) {
        report_and_exit(report_fd, CLINUX_STEP_STANDING);
    }
    if (request->controlling_terminal >= 0 && ioctl(request->controlling_terminal, TIOCSCTTY, 0) != 0) {
        report_and_exit(report_fd, CLINUX_STEP_TERMINAL);
    }
    if (place_descriptors(request) != 0) {
        report_and_exit(report_fd, CLINUX_STEP_DESCRIPTORS);
    }
    if (request->file_mode_mask >= 0) {
        umask((mode_t)request->file_mode_mask);
    }
    if (request->descriptor_limit > 0) {
        struct rlimit limit;
        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
            limit.rlim_cur = request->descriptor_limit;
            // Lowering is always allowed.
            (void)setrlimit(RLIMIT_NOFILE, &limit);
        }
    }
    if (take_identity(request) != 0) {
        report_and_exit(report_fd, CLINUX_STEP_IDENTITY);
    }
    // After the identity, a change of which clears it.
    if (request->ends_with_parent) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        if (getppid() != parent) {
            _exit(127);
        }
    }
    // After the identity: a directory the new user may not enter must be an error, not a gift.
    if (request->directory != NULL && chdir(request->directory) != 0) {
        report_and_exit(report_fd, CLINUX_STEP_DIRECTORY);
    }
    reset_signals();
    if (gate[0] >= 0) {
        char byte;
        ssize_t count;
        do {
            count = read(gate[0], &byte, 1);
        } while (count < 0 && errno == EINTR);
        if (count != 1) {
            _exit(127);
        }
    }
    execute(request);
    report_and_exit(report_fd, CLINUX_STEP_EXECUTE);
}

static int open_report_pipe(int ends[2]) {
    int raw[2];
    if (pipe2(raw, O_CLOEXEC) != 0) {
        return errno;
    }
    // Above 2, or the child would overwrite it with its own standard streams.
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, 3);
        int error = errno;
        close(raw[i]);
        if (ends[i] < 0) {
            if (i == 0) {
                close(raw[1]);
            } else {
                close(ends[0]);
            }
            return error;
        }
    }
    return 0;
}

static int read_report(int fd, struct report *report) {
    size_t have = 0;
    while (have < sizeof *report) {
        ssize_t count = read(fd, (char *)report + have, sizeof *report - have);
        if (count < 0 && errno == EINTR) {
            continue;
        }
        if (count <= 0) {
            break;
        }
        have += (size_t)count;
    }
    return have == sizeof *report;
}

int clinux_spawn(const struct clinux_spawn_request *request, pid_t *pid, int *failed_step) {
    int ends[2];
    *failed_step = CLINUX_STEP_FORK;
    int error = open_report_pipe(ends);
    if (error != 0) {
        return error;
    }
    int gate[2] = {-1, -1};
    if (request->forked != NULL && (error = open_report_pipe(gate)) != 0) {
        close(ends[0]);
        close(ends[1]);
        return error;
    }
    pid_t parent = getpid();
    // No handler of ours may run in the child before it has reset them.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = _Fork();
    if (child == 0) {
        run_child(request, parent, gate, ends[1]);
    }
    int fork_error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (gate[0] >= 0) {
        close(gate[0]);
        if (child > 0) {
            request->forked(child, request->forked_context);
            // It cannot fail: there is room for a byte, and whoever killed the child made the reader go away.
            ssize_t ignored = write(gate[1], "", 1);
            (void)ignored;
        }
        close(gate[1]);
    }
    if (child < 0) {
        close(ends[0]);
        return fork_error;
    }
    struct report report;
    int failed = read_report(ends[0], &report);
    close(ends[0]);
    if (failed) {
        int status;
        while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        }
        *failed_step = report.step;
        return report.error;
    }
    *failed_step = CLINUX_STEP_NONE;
    *pid = child;
    return 0;
}

int clinux_peer_credentials(int socket, pid_t *pid, uid_t *uid, gid_t *gid) {
    struct ucred credentials;
    socklen_t length = sizeof credentials;
    if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &credentials, &length) != 0) {
        return errno;
    }
    *pid = credentials.pid;
    *uid = credentials.uid;
    *gid = credentials.gid;
    return 0;
}

int clinux_become_subreaper(void) {
    return prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0 ? 0 : errno;
}

int clinux_open_process_descriptor(pid_t pid) {
    long fd = syscall(SYS_pidfd_open, pid, 0);
    return fd < 0 ? -errno : (int)fd;
}

int clinux_open_terminal(int *controller, int *terminal) {
    int master = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (master < 0) {
        return errno;
    }
    int unlock = 0;
    int slave = -1;
    // TIOCGPTPEER needs no path, so it works when /dev/pts is another mount namespace's.
    if (ioctl(master, TIOCSPTLCK, &unlock) == 0) {
        slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
    }
    if (slave < 0) {
        int error = errno;
        close(master);
        return error;
    }
    *controller = master;
    *terminal = slave;
    return 0;
}

int clinux_set_terminal_size(int terminal, uint16_t rows, uint16_t columns) {
    struct winsize size = {.ws_row = rows, .ws_col = columns};
    return ioctl(terminal, TIOCSWINSZ, &size) == 0 ? 0 : errno;
}

pid_t clinux_peek_exited_child(void) {
    siginfo_t info = {0};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) {
        return errno == ECHILD ? 0 : -errno;
    }
    return info.si_pid;
}

pid_t clinux_reap(pid_t pid, int *status) {
    pid_t reaped;
    do {
        reaped = waitpid(pid, status, WNOHANG);
    } while (reaped < 0 && errno == EINTR);
    return reaped < 0 ? -errno : reaped;
}

int clinux_open_pipe(int *read_end, int *write_end) {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return errno;
    }
    *read_end = ends[0];
    *write_end = ends[1];
    return 0;
}

void clinux_widen_pipe(int pipe, int bytes) {
    // Where it may not be, it stays as it is.
    (void)fcntl(pipe, F_SETPIPE_SZ, bytes);
}

int clinux_open_event(void) {
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

int clinux_open_poll(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int clinux_watch(int poll, int descriptor, int32_t identifier) {
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint32_t)identifier};
    return epoll_ctl(poll, EPOLL_CTL_ADD, descriptor, &event) == 0 ? 0 : errno;
}

int clinux_wait(int poll, int32_t *identifiers, int capacity, int timeout_milliseconds) {
    struct epoll_event events[64];
    int count = epoll_wait(poll, events, capacity < 64 ? capacity : 64, timeout_milliseconds);
    if (count < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    for (int i = 0; i < count; i++) {
        identifiers[i] = (int32_t)events[i].data.u64;
    }
    return count;
}

int clinux_receive_datagrams(int socket, void *buffer, size_t size, uint32_t *lengths, int capacity) {
    struct mmsghdr messages[32];
    struct iovec places[32];
    if (capacity > 32) {
        capacity = 32;
    }
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < capacity; i++) {
        places[i].iov_base = (char *)buffer + (size_t)i * size;
        places[i].iov_len = size;
        messages[i].msg_hdr.msg_iov = &places[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    int count = recvmmsg(socket, messages, (unsigned)capacity, MSG_WAITFORONE, NULL);
    if (count < 0) {
        return -errno;
    }
    for (int i = 0; i < count; i++) {
        lengths[i] = messages[i].msg_len;
    }
    return count;
}

void clinux_prepare_thread(const char *name) {
    (void)pthread_setname_np(pthread_self(), name);
    sigset_t broken_pipe;
    sigemptyset(&broken_pipe);
    sigaddset(&broken_pipe, SIGPIPE);
    (void)pthread_sigmask(SIG_BLOCK, &broken_pipe, NULL);
}

// What is mapped from files and never written to can be had from there again. A fault brings back the page it is about
// with its neighbours, so what only the start needed stays away.
static int unmap_untouched(struct dl_phdr_info *object, size_t size, void *page_size) {
    (void)size;
    const uintptr_t mask = *(const uintptr_t *)page_size - 1;
    // The kernel's own object is in no file.
    if (strncmp(object->dlpi_name, "linux-vdso", strlen("linux-vdso")) == 0) {
        return 0;
    }
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        if (header->p_type == PT_DYNAMIC) {
            for (const ElfW(Dyn) *entry = (const ElfW(Dyn) *)(object->dlpi_addr + header->p_vaddr);
                 entry->d_tag != DT_NULL; entry++) {
                if (entry->d_tag == DT_TEXTREL) {
                    return 0;
                }
            }
        }
    }
    for (int i = 0; i < object->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &object->dlpi_phdr[i];
        if (header->p_type != PT_LOAD || (header->p_flags & PF_W) != 0) {
            continue;
        }
        uintptr_t start = (object->dlpi_addr + header->p_vaddr) & ~mask;
        uintptr_t end = (object->dlpi_addr + header->p_vaddr + header->p_filesz) & ~mask;
        if (end > start) {
            // Where it may not be done (pages that are locked, say) they stay: nothing is lost but the saving.
            (void)madvise((void *)start, end - start, MADV_DONTNEED);
        }
    }
    return 0;
}

void clinux_give_memory_back(void) {
    uintptr_t page_size = (uintptr_t)sysconf(_SC_PAGESIZE);
    (void)malloc_trim(0);
    (void)dl_iterate_phdr(unmap_untouched, &page_size);
}
