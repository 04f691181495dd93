/*
 * lock [--flock] [--shared] [--wait] [--from=N] [--length=N] [--until=FILE] FILE
 * Takes a lock of FILE, by fcntl(2) from byte N (0) on, N bytes (0: to the end), or by flock(2), and says "held".
 *   --shared       not an exclusive one
 *   --wait         until it is to be had
 *   --until=FILE   keeps it until there is such a file; lets go of it, says "dropped", and stays for a minute with FILE open, so
 *                  that it is no close that ends the lock
 * Exit status: 0: it was to be had; 1: somebody else has it; 2: it cannot run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

static int is_flock;
static struct flock range = {.l_whence = SEEK_SET};

static int change(int file, int type, int wait) {
    if (is_flock)
        return flock(file, (type == F_UNLCK ? LOCK_UN : type == F_RDLCK ? LOCK_SH : LOCK_EX) | (wait ? 0 : LOCK_NB));
    range.l_type = (short)type;
    return fcntl(file, wait ? F_SETLKW : F_SETLK, &range);
}

static void say(const char *what) {
    puts(what);
    fflush(stdout);
}

int main(int argc, char **argv) {
    const char *path = NULL, *until = NULL;
    int type = F_WRLCK, wait = 0, usage = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--flock") == 0)
            is_flock = 1;
        else if (strcmp(argv[i], "--shared") == 0)
            type = F_RDLCK;
        else if (strcmp(argv[i], "--wait") == 0)
            wait = 1;
        else if (strncmp(argv[i], "--from=", 7) == 0)
            range.l_start = atol(argv[i] + 7);
        else if (strncmp(argv[i], "--length=", 9) == 0)
            range.l_len = atol(argv[i] + 9);
        else if (strncmp(argv[i], "--until=", 8) == 0)
            until = argv[i] + 8;
        else if (path || strncmp(argv[i], "--", 2) == 0)
            usage = 1;
        else
            path = argv[i];
    }
    if (usage || !path) {
        fprintf(stderr, "lock [--flock] [--shared] [--wait] [--from=N] [--length=N] [--until=FILE] FILE\n");
        return 2;
    }
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (file < 0) {
        fprintf(stderr, "lock: %s: %s\n", path, strerror(errno));
        return 2;
    }
    if (change(file, type, wait) < 0) {
        int refused = errno;
        fprintf(stderr, "lock: %s\n", strerror(refused));
        return refused == EAGAIN || refused == EACCES ? 1 : 2;
    }
    say("held");
    if (!until)
        return 0;
    while (access(until, F_OK) < 0)
        usleep(20000);
    if (change(file, F_UNLCK, 0) < 0) {
        fprintf(stderr, "lock: %s\n", strerror(errno));
        return 2;
    }
    say("dropped");
    sleep(60);
    return 0;
}
