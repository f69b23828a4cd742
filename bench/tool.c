// SPDX-License-Identifier: Apache-2.0
// A hook tool as small as can be: carries a call to the agent's socket and the answer back.
//
// With it a call costs what it costs to start a process, and what is measured is the charm.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static char frame[1 << 20];
static size_t used;

static void number(size_t value) {
    unsigned int wire = htonl((unsigned int)value);
    memcpy(frame + used, &wire, 4);
    used += 4;
}

static void field(const char *bytes, size_t size) {
    number(size);
    memcpy(frame + used, bytes, size);
    used += size;
}

static void exactly(int from, char *into, size_t size) {
    for (size_t got = 0; got < size;) {
        ssize_t count = read(from, into + got, size - got);
        if (count <= 0) exit(3);
        got += (size_t)count;
    }
}

static size_t answered(int from) {
    unsigned int wire;
    exactly(from, (char *)&wire, 4);
    return ntohl(wire);
}

int main(int argc, char **argv) {
    const char *path = getenv("JUJU_AGENT_SOCKET_ADDRESS"), *id = getenv("JUJU_CONTEXT_ID");
    if (!path || !id) return 2;
    const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
    static char input[1 << 19];
    size_t size = 0;
    int reads = 0;
    for (int i = 1; i < argc; i++) reads |= !strcmp(argv[i], "--file=-") || (!strcmp(argv[i], "-") && !strcmp(argv[i - 1], "--file"));
    for (ssize_t count; reads && size < sizeof input && (count = read(0, input + size, sizeof input - size)) > 0;) size += (size_t)count;
    number(6 + (size_t)argc - 1);
    field("1", 1);
    field(id, strlen(id));
    field("/", 1);
    field(name, strlen(name));
    field(reads ? "1" : "0", 1);
    field(input, size);
    for (int i = 1; i < argc; i++) field(argv[i], strlen(argv[i]));
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    int agent = socket(AF_UNIX, SOCK_STREAM, 0);
    if (connect(agent, (struct sockaddr *)&address, sizeof address) != 0) return 1;
    if (write(agent, frame, used) != (ssize_t)used) return 1;
    answered(agent);
    static char answer[1 << 20];
    int code = 0;
    for (int part = 0; part < 3; part++) {
        size_t length = answered(agent);
        if (length >= sizeof answer) return 3;
        exactly(agent, answer, length);
        answer[length] = 0;
        if (part == 0) code = atoi(answer);
        else if (length && write(part, answer, length) < 0) return 3;
    }
    return code;
}
