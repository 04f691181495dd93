/*
 * load [--seed=N] [--processes=N] [--operations=N] [--until=FILE] FOLDER
 * Processes (4) make, rename, exchange, link, write, read, list and remove files, folders and links in FOLDER, which must
 * be empty, N operations (1000) each or until there is that file; after the idea of fsstress.
 * Each has a folder of its own, and knows what is in it. All have one together, where a call may fail for what another
 * process did, and for no other reason. At the end, every name is looked at: those of the own folders are as their process
 * knows; of the common one, every listed name is there, and each file has as many links as it has names.
 * Exit status: 0: all is as it has to be; 1: not; 2: it cannot run.
 */
#define _GNU_SOURCE
#include "load.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

uint64_t random_state;
long operation;

long below(long limit) {
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return (long)((random_state * 2685821657736338717u) >> 16) % limit;
}

void wrong(const char *what, const char *path) {
    printf("load: process %d, operation %ld: %s %s: %s\n", (int)getpid(), operation, what, path, strerror(errno));
    fflush(stdout);
    _exit(1);
}

static void work(const char *folder, int number, long most, const char *until) {
    char own[1000];
    snprintf(own, sizeof own, "%s/own%d", folder, number);
    own_begin(own);
    for (operation = 0; operation < most && !(until && access(until, F_OK) == 0); operation++) {
        if (below(2))
            own_step();
        else
            common_step(folder);
    }
    own_check();
    printf("%ld done\n", operation);
    fflush(stdout);
    _exit(0);
}

int main(int argc, char **argv) {
    long most = 1000, processes = 4;
    uint64_t seed = 1;
    const char *until = NULL, *folder = NULL;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--seed=", 7) == 0)
            seed = strtoull(argv[i] + 7, NULL, 10);
        else if (strncmp(argv[i], "--operations=", 13) == 0)
            most = atol(argv[i] + 13);
        else if (strncmp(argv[i], "--processes=", 12) == 0)
            processes = atol(argv[i] + 12);
        else if (strncmp(argv[i], "--until=", 8) == 0)
            until = argv[i] + 8;
        else
            folder = argv[i];
    }
    if (!folder || strncmp(folder, "--", 2) == 0) {
        fprintf(stderr, "load [--seed=N] [--processes=N] [--operations=N] [--until=FILE] FOLDER\n");
        return 2;
    }
    if (common_begin(folder) < 0) {
        fprintf(stderr, "load: %s: %s\n", folder, strerror(errno));
        return 2;
    }
    for (long i = 0; i < processes; i++) {
        random_state = (seed + (uint64_t)i * 7919) * 2 + 1;
        fflush(stdout);
        if (fork() == 0)
            work(folder, (int)i, most, until);
    }
    int result = 0, status;
    while (wait(&status) > 0)
        if (status != 0)
            result = 1;
    long found = common_check(folder);
    printf("%ld files, folders and links left in common\n", found);
    return result;
}
