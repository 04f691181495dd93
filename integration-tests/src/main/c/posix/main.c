/*
 * posix [--only=BEGINNING] [--every=N] [--list] REFERENCE TESTED
 * Runs each case in a new folder below REFERENCE, a file system that is known to be right, and in one below TESTED, and
 * compares what every call answered and what stat shows. Prints each difference and a count. As root.
 *   --every=N   the first case and each Nth after it, no other
 * Exit status: 0: no difference; 1: some; 2: it cannot run.
 */
#define _GNU_SOURCE
#include "posix.h"
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define TRANSCRIPT 65536

static const char *only = "";
static int every = 1;
static int listing;
static const char *reference;
static const char *tested;
static int seen;
static int count;
static int different;

static void fail(const char *what) {
    fprintf(stderr, "posix: %s: %s\n", what, strerror(errno));
    exit(2);
}

static int removed(const char *path, const struct stat *s, int type, struct FTW *f) {
    (void)s, (void)type, (void)f;
    return remove(path);
}

/* In a process of its own, which may change its user. */
static void transcript(const char *base, const char *commands, char *into) {
    char folder[4096];
    int pipe_[2];
    size_t length = 0;
    ssize_t got;
    int status;
    snprintf(folder, sizeof folder, "%s/case", base);
    if (mkdir(folder, 0777) < 0 || chmod(folder, 0777) < 0)
        fail(folder);
    if (pipe(pipe_) < 0)
        fail("pipe");
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        if (chdir(folder) < 0 || dup2(pipe_[1], 1) < 0)
            _exit(2);
        close(pipe_[0]);
        run_commands(commands);
        fflush(stdout);
        _exit(0);
    }
    close(pipe_[1]);
    while (length < TRANSCRIPT - 1 && (got = read(pipe_[0], into + length, TRANSCRIPT - 1 - length)) > 0)
        length += got;
    into[length] = 0;
    close(pipe_[0]);
    if (waitpid(child, &status, 0) < 0 || status != 0) {
        fprintf(stderr, "posix: a case ends with status %d: %s\n", status, commands);
        exit(2);
    }
    if (nftw(folder, removed, 16, FTW_DEPTH | FTW_PHYS) < 0)
        fail(folder);
}

static void compare(const char *name, const char *commands) {
    static char right[TRANSCRIPT], ours[TRANSCRIPT];
    if (strncmp(name, only, strlen(only)) != 0)
        return;
    if (seen++ % every != 0)
        return;
    count++;
    if (listing) {
        printf("%s: %s\n", name, commands);
        return;
    }
    transcript(reference, commands, right);
    transcript(tested, commands, ours);
    if (strcmp(right, ours) == 0)
        return;
    different++;
    printf("different: %s\n", name);
    for (char *a = right, *b = ours; *a || *b;) {
        size_t m = strcspn(a, "\n"), n = strcspn(b, "\n");
        if (m == n && strncmp(a, b, m) == 0)
            printf("      %.*s\n", (int)m, a);
        else
            printf("    - %.*s\n    + %.*s\n", (int)m, a, (int)n, b);
        a += m + (a[m] != 0);
        b += n + (b[n] != 0);
    }
}

int main(int argc, char **argv) {
    int at = 1;
    for (; at < argc && strncmp(argv[at], "--", 2) == 0; at++) {
        if (strncmp(argv[at], "--only=", 7) == 0)
            only = argv[at] + 7;
        else if (strncmp(argv[at], "--every=", 8) == 0 && atoi(argv[at] + 8) > 0)
            every = atoi(argv[at] + 8);
        else if (strcmp(argv[at], "--list") == 0)
            listing = 1;
        else
            at = argc;
    }
    if (!listing && (argc - at != 2 || geteuid() != 0)) {
        fprintf(stderr, "posix [--only=BEGINNING] [--every=N] [--list] REFERENCE TESTED; as root\n");
        return 2;
    }
    umask(0);
    if (!listing) {
        reference = argv[at];
        tested = argv[at + 1];
    }
    all_cases(compare);
    printf("%d cases, %d different\n", count, different);
    return different ? 1 : 0;
}
