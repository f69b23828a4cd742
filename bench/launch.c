// SPDX-License-Identifier: Apache-2.0
// Runs a program and says what it took: launch REPORT OUTPUT PROGRAM [ARGUMENT...]
//
// A program of its own, and a small one, because the kernel counts what a process held before exec into its peak: a
// child of a Python interpreter would never be seen below the interpreter's size.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc < 4) return 2;
    struct timespec start, end;
    clock_gettime(CLOCK_MONOTONIC, &start);
    pid_t child = fork();
    if (child < 0) return 3;
    if (child == 0) {
        int output = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
        int input = open("/dev/null", O_RDONLY);
        if (output < 0 || input < 0) _exit(126);
        dup2(input, 0);
        dup2(output, 1);
        dup2(output, 2);
        execv(argv[3], argv + 3);
        _exit(127);
    }
    int status = 0;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) != child) return 4;
    clock_gettime(CLOCK_MONOTONIC, &end);
    FILE *report = fopen(argv[1], "w");
    if (!report) return 5;
    double wall = (end.tv_sec - start.tv_sec) * 1e3 + (end.tv_nsec - start.tv_nsec) / 1e6;
    double user = usage.ru_utime.tv_sec * 1e3 + usage.ru_utime.tv_usec / 1e3;
    double system = usage.ru_stime.tv_sec * 1e3 + usage.ru_stime.tv_usec / 1e3;
    fprintf(report, "%.3f %.3f %.3f %ld %d\n", wall, user, system, usage.ru_maxrss,
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return fclose(report) == 0 ? 0 : 6;
}
