// SPDX-License-Identifier: Apache-2.0
// Preloaded into an agent: ends it with SIGKILL at the CRASH_AT'th call that changes the files of its model.
//
// Of the writes every second one is torn: its first half is written. CRASH_COUNT names a file in which the calls are
// counted, so that who asks knows how many there are.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static atomic_int *counter(void) {
    static atomic_int *shared;
    if (shared) return shared;
    const char *path = getenv("CRASH_COUNT");
    int file = path ? open(path, O_RDWR | O_CREAT, 0600) : -1;
    if (file < 0 || ftruncate(file, sizeof(atomic_int)) != 0) abort();
    shared = mmap(NULL, sizeof(atomic_int), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return shared;
}

static int is_model(const char *path) {
    const char *name = strstr(path, "/model.sqlite");
    return name && (!strcmp(name, "/model.sqlite") || !strcmp(name, "/model.sqlite-wal"));
}

static int is_model_file(int file) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return is_model(path);
}

// Whether the process is to die in this call.
static int is_time(void) {
    static int wanted;
    if (!wanted) wanted = atoi(getenv("CRASH_AT") ?: "-1");
    return atomic_fetch_add(counter(), 1) + 1 == wanted;
}

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    if (is_model_file(file) && is_time()) {
        if (atomic_load(counter()) % 2 == 0) (void)!REAL(pwrite64)(file, bytes, count / 2, offset);
        die();
    }
    return REAL(pwrite64)(file, bytes, count, offset);
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    return pwrite64(file, bytes, count, offset);
}

int ftruncate64(int file, off64_t length) {
    if (is_model_file(file) && is_time()) die();
    return REAL(ftruncate64)(file, length);
}

int fdatasync(int file) {
    if (is_model_file(file) && is_time()) die();
    return REAL(fdatasync)(file);
}

int fsync(int file) {
    if (is_model_file(file) && is_time()) die();
    return REAL(fsync)(file);
}
