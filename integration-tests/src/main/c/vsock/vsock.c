/*
 * In a guest:
 *   vsock listen PORT | connect PORT        one connection: standard input to the socket, whose sending half ends with it, and the
 *                                           socket to standard output until that ends; listen says "ready" on standard error
 *   vsock echo PORT                         sends back what comes, on any number of connections; says "ready"
 * On its host, where PATH is the socket of --vsock:
 *   vsock dial PATH PORT | accept PATH      the same as connect and listen, to a port of the guest's, and at PATH itself
 *   vsock many PATH PORT COUNT BYTES        as many connections to an echo, all at once; what comes back has to be what was sent
 *   vsock refused PATH PORT COUNT           as many at once, each of which has to be refused
 * Exit status: 0: it was as it should be; 1: it was not; 2: bad arguments; 3: nobody accepts.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/vm_sockets.h>

#define BACKLOG 128

static char bytes[1 << 16];

static void copy(int from, int to) {
    ssize_t got;
    while ((got = read(from, bytes, sizeof bytes)) > 0)
        for (ssize_t at = 0; at < got;) {
            ssize_t put = write(to, bytes + at, got - at);
            if (put < 0)
                err(1, "write");
            at += put;
        }
    if (got < 0)
        err(1, "read");
}

/* Each half in a process of its own. */
static int both(int socket) {
    if (socket < 0)
        err(1, "socket");
    pid_t child = fork();
    if (child == 0) {
        close(1);
        copy(0, socket);
        if (shutdown(socket, SHUT_WR) < 0)
            err(1, "shutdown");
        _exit(0);
    }
    copy(socket, 1);
    close(1); /* what reads it may be what the other half waits for */
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

static int listening(int family, const void *address, socklen_t length) {
    int s = socket(family, SOCK_STREAM, 0);
    if (s < 0 || bind(s, address, length) < 0 || listen(s, BACKLOG) < 0)
        err(1, "listen");
    fputs("ready\n", stderr);
    return s;
}

static int connected(int family, const void *address, socklen_t length) {
    int s = socket(family, SOCK_STREAM, 0);
    if (s < 0 || connect(s, address, length) < 0)
        err(errno == ECONNRESET ? 3 : 1, "connect");
    return s;
}

static struct sockaddr_vm vm(unsigned cid, const char *port) {
    return (struct sockaddr_vm){.svm_family = AF_VSOCK, .svm_cid = cid, .svm_port = strtoul(port, NULL, 10)};
}

static struct sockaddr_un un(const char *path) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return address;
}

/* Connects at PATH and asks for a port of the guest's. */
static int asking(const char *path, const char *port) {
    struct sockaddr_un address = un(path);
    int s = connected(AF_UNIX, &address, sizeof address);
    if (dprintf(s, "CONNECT %s\n", port) < 0)
        err(1, "write");
    return s;
}

/* Whether somebody in the guest accepts: "OK" and the host's port. */
static int accepted(int s) {
    char line[32] = "", c;
    for (size_t at = 0; at < sizeof line - 1 && read(s, &c, 1) == 1 && c != '\n';)
        line[at++] = c;
    return strncmp(line, "OK ", 3) == 0;
}

static int dial(const char *path, const char *port) {
    int s = asking(path, port);
    if (!accepted(s))
        errx(3, "nobody accepts");
    return s;
}

static void echo(int s) {
    signal(SIGCHLD, SIG_IGN);
    for (;;) {
        int c = accept(s, NULL, NULL);
        if (c < 0)
            err(1, "accept");
        if (fork() == 0) {
            copy(c, c);
            _exit(0);
        }
        close(c);
    }
}

/* A byte of a connection's: no two have the same, nor two blocks of one. */
static char right(int connection, long at) {
    return (char)(connection * 31 + at + (at >> 8) * 7 + (at >> 16));
}

static long put(int s, int connection, long from, long to) {
    long length = to - from < (long)sizeof bytes ? to - from : (long)sizeof bytes;
    for (long i = 0; i < length; i++)
        bytes[i] = right(connection, from + i);
    ssize_t gone = send(s, bytes, length, MSG_DONTWAIT);
    if (gone < 0 && errno != EAGAIN)
        err(1, "connection %d: write", connection);
    if (gone > 0 && from + gone == to)
        shutdown(s, SHUT_WR);
    return gone < 0 ? 0 : gone;
}

/* How many came back; -1: it has ended. */
static long get(int s, int connection, long from) {
    ssize_t got = recv(s, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && errno != EAGAIN)
        err(1, "connection %d: read", connection);
    for (long i = 0; i < got; i++)
        if (bytes[i] != right(connection, from + i))
            errx(1, "connection %d: byte %ld is wrong", connection, from + i);
    return got == 0 ? -1 : got < 0 ? 0 : got;
}

static int many(const char *path, const char *port, int count, long length) {
    struct pollfd *polled = calloc(count, sizeof *polled);
    long *sent = calloc(count, sizeof *sent), *came = calloc(count, sizeof *came);
    for (int i = 0; i < count; i++)
        polled[i] = (struct pollfd){.fd = dial(path, port), .events = POLLIN | POLLOUT};
    for (int open = count; open > 0;) {
        if (poll(polled, count, -1) < 0)
            err(1, "poll");
        for (int i = 0; i < count; i++) {
            if (polled[i].revents & POLLOUT && sent[i] < length)
                sent[i] += put(polled[i].fd, i, sent[i], length);
            if (sent[i] == length)
                polled[i].events = POLLIN;
            long got = polled[i].revents & (POLLIN | POLLHUP) ? get(polled[i].fd, i, came[i]) : 0;
            if (got >= 0) {
                came[i] += got;
                continue;
            }
            if (came[i] != length)
                errx(1, "connection %d: %ld of %ld bytes came back", i, came[i], length);
            polled[i].fd = -1; /* stays open until all have ended */
            open--;
        }
    }
    return 0;
}

static int refused(const char *path, const char *port, int count) {
    int *sockets = calloc(count, sizeof *sockets);
    for (int i = 0; i < count; i++)
        sockets[i] = asking(path, port);
    for (int i = 0; i < count; i++) {
        if (accepted(sockets[i]))
            errx(1, "connection %d is accepted", i);
        close(sockets[i]);
    }
    return 0;
}

int main(int argc, char **argv) {
    const char *what = argc < 3 ? "" : argv[1];
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    signal(SIGPIPE, SIG_IGN);
    struct sockaddr_vm here = vm(VMADDR_CID_ANY, argv[argc - 1]), there = vm(VMADDR_CID_HOST, argv[argc - 1]);
    struct sockaddr_un path = un(argv[argc - 1]);
    if (argc == 3 && strcmp(what, "listen") == 0)
        return both(accept(listening(AF_VSOCK, &here, sizeof here), NULL, NULL));
    if (argc == 3 && strcmp(what, "connect") == 0)
        return both(connected(AF_VSOCK, &there, sizeof there));
    if (argc == 3 && strcmp(what, "echo") == 0)
        echo(listening(AF_VSOCK, &here, sizeof here));
    if (argc == 3 && strcmp(what, "accept") == 0)
        return both(accept(listening(AF_UNIX, &path, sizeof path), NULL, NULL));
    if (argc == 4 && strcmp(what, "dial") == 0)
        return both(dial(argv[2], argv[3]));
    if (argc == 6 && strcmp(what, "many") == 0)
        return many(argv[2], argv[3], atoi(argv[4]), atol(argv[5]));
    if (argc == 5 && strcmp(what, "refused") == 0)
        return refused(argv[2], argv[3], atoi(argv[4]));
    fputs("usage: vsock listen PORT | connect PORT | echo PORT | dial PATH PORT | accept PATH | many PATH PORT COUNT BYTES |"
          " refused PATH PORT COUNT\n",
          stderr);
    return 2;
}
