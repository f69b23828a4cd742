// SPDX-License-Identifier: Apache-2.0
// What glibc's Swift module lacks, and the one thing that cannot be written in Swift: the code between fork and exec.
#ifndef CLINUX_H
#define CLINUX_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/// Where a new process stands among the process groups and sessions.
enum clinux_standing {
    CLINUX_STANDING_INHERITED = 0,
    CLINUX_STANDING_GROUP = 1,
    CLINUX_STANDING_SESSION = 2,
};

/// The step of a spawn that failed, so that the caller can name the thing it was about.
enum clinux_step {
    CLINUX_STEP_NONE = 0,
    CLINUX_STEP_FORK = 1,
    CLINUX_STEP_STANDING = 2,
    CLINUX_STEP_TERMINAL = 3,
    CLINUX_STEP_DESCRIPTORS = 4,
    CLINUX_STEP_IDENTITY = 5,
    CLINUX_STEP_DIRECTORY = 6,
    CLINUX_STEP_EXECUTE = 7,
};

struct clinux_spawn_request {
    const char *executable;
    char *const *arguments;
    char *const *environment;
    const char *directory;        // NULL: inherited
    int standing;                 // enum clinux_standing
    int controlling_terminal;     // descriptor of a terminal, -1: none (needs CLINUX_STANDING_SESSION)
    int changes_identity;         // 0: uid, gid and groups are ignored
    uid_t uid;
    gid_t gid;
    const gid_t *groups;
    size_t group_count;
    int file_mode_mask;           // -1: inherited
    uint64_t descriptor_limit;    // how many it may open at first, 0: inherited
    int ends_with_parent;         // 0: outlives the thread that started it; else it is killed with that
    // Called in the parent once the child has its number and before it runs the new program; NULL: nothing to do. A
    // child whose parent dies in between never runs it.
    void (*forked)(pid_t pid, void *context);
    void *forked_context;
    int standard_input;           // descriptors, -1: /dev/null
    int standard_output;
    int standard_error;
};

/// Starts a process. Returns 0 or an errno; the latter also when exec itself failed, with the step that did.
int clinux_spawn(const struct clinux_spawn_request *request, pid_t *pid, int *failed_step);

/// The other end of a connected Unix socket. Returns 0 or an errno.
int clinux_peer_credentials(int socket, pid_t *pid, uid_t *uid, gid_t *gid);

/// Makes this process the one that orphaned descendants are handed to. Returns 0 or an errno.
int clinux_become_subreaper(void);

/// A descriptor that becomes readable when the process ends. Returns it, or a negated errno.
int clinux_open_process_descriptor(pid_t pid);

/// A pseudo-terminal pair, close-on-exec, without becoming anybody's controlling terminal. Returns 0 or an errno.
int clinux_open_terminal(int *controller, int *terminal);

/// Sets the size of a terminal. Returns 0 or an errno.
int clinux_set_terminal_size(int terminal, uint16_t rows, uint16_t columns);

/// Whether any child is waiting to be reaped: its pid, 0 for none (or no child at all), or a negated errno.
pid_t clinux_peek_exited_child(void);

/// A pipe, both ends close-on-exec. Returns 0 or an errno.
int clinux_open_pipe(int *read_end, int *write_end);

/// Lets a pipe hold so many bytes, if the kernel allows it.
void clinux_widen_pipe(int pipe, int bytes);

/// An eventfd, close-on-exec and non-blocking. Returns it, or a negated errno.
int clinux_open_event(void);

/// An epoll descriptor, close-on-exec. Returns it, or a negated errno.
int clinux_open_poll(void);

/// Has an epoll descriptor report when another can be read, by an identifier. Returns 0 or an errno.
int clinux_watch(int poll, int descriptor, int32_t identifier);

/// Waits for watched descriptors. Returns how many identifiers it filled in, or a negated errno.
int clinux_wait(int poll, int32_t *identifiers, int capacity, int timeout_milliseconds);

/// Names the calling thread, and keeps SIGPIPE from it: a broken pipe is an error number there.
void clinux_prepare_thread(const char *name);

/// Waits for datagrams and takes as many as have come: the first `capacity` at most, each to a place of `size` bytes in
/// `buffer`, longer ones cut. Fills in their lengths. Returns how many, or a negated errno.
int clinux_receive_datagrams(int socket, void *buffer, size_t size, uint32_t *lengths, int capacity);

/// Reaps one child without waiting. Returns its pid with the wait status, 0 if it still runs, or a negated errno.
pid_t clinux_reap(pid_t pid, int *status);

/// Gives the kernel back what the allocator holds unused, and what is mapped of the program's own files and can be read
/// from them again. For a process that has come to rest.
void clinux_give_memory_back(void);

#endif
