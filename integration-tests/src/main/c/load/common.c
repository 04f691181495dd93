/* The folder that all processes have together: two folders below it, some names in each. */
#define _GNU_SOURCE
#include "load.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAMES 8
#define MOST 1000

static const char *const halves[] = {"left", "right"};

static void name_in(char *into, const char *folder) {
    snprintf(into, 1200, "%s/common/%s/name%ld", folder, halves[below(2)], below(NAMES));
}

int common_begin(const char *folder) {
    char path[1200];
    snprintf(path, sizeof path, "%s/common", folder);
    if (mkdir(path, 0755) < 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/common/%s", folder, halves[i]);
        if (mkdir(path, 0755) < 0)
            return -1;
    }
    return 0;
}

/* Another process may be why; EIO, ESTALE, EINVAL and all the others have no such reason. */
static void may(long result, const char *what, const char *path) {
    if (result < 0 && errno != ENOENT && errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR && errno != EISDIR &&
        errno != ELOOP && errno != EPERM) /* EPERM: link of a folder */
        wrong(what, path);
}

static void write_and_read(const char *path) {
    char byte[2] = "x";
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | (below(3) ? 0 : O_EXCL), 0644);
    may(fd, "open", path);
    if (fd < 0)
        return;
    if (pwrite(fd, byte, 1, below(5000)) != 1 || fsync(fd) < 0 || pread(fd, byte, 1, 0) != 1)
        wrong("use of", path); /* its names may go meanwhile: it stays open */
    if (below(2) && ftruncate(fd, 1 + below(9000)) < 0)
        wrong("ftruncate", path);
    close(fd);
}

static void list(const char *folder) {
    char path[1200];
    snprintf(path, sizeof path, "%s/common/%s", folder, halves[below(2)]);
    DIR *names = opendir(path);
    if (!names)
        wrong("opendir", path);
    int count = 0;
    errno = 0;
    for (struct dirent *entry; (entry = readdir(names));)
        if (++count > MOST)
            wrong("endless list of", path);
    if (errno != 0)
        wrong("readdir", path);
    closedir(names);
}

void common_step(const char *folder) {
    char a[1200], b[1200];
    name_in(a, folder);
    name_in(b, folder);
    switch (below(12)) {
        case 0: may(mkdir(a, 0755), "mkdir", a); break;
        case 1: may(rmdir(a), "rmdir", a); break;
        case 2:
        case 3: may(unlink(a), "unlink", a); break;
        case 4: may(link(a, b), "link", b); break;
        case 5: may(symlink("nowhere", a), "symlink", a); break;
        case 6: may(rename(a, b), "rename", a); break;
        case 7: may(renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE), "exchange", a); break;
        case 8: list(folder); break;
        case 9: {
            struct stat s;
            may(lstat(a, &s), "lstat", a);
            break;
        }
        default: write_and_read(a);
    }
}

long common_check(const char *folder) {
    static struct {
        ino_t inode;
        nlink_t links, names;
        char path[1600];
    } found[MOST];
    long count = 0, all = 0;
    for (int i = 0; i < 2; i++) {
        char path[1200], name[1600];
        snprintf(path, sizeof path, "%s/common/%s", folder, halves[i]);
        DIR *names = opendir(path);
        if (!names)
            wrong("opendir", path);
        nlink_t folders = 0;
        struct stat s;
        for (struct dirent *entry; (entry = readdir(names));) {
            if (entry->d_name[0] == '.')
                continue;
            snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
            if (lstat(name, &s) < 0)
                wrong("listed, but not there:", name);
            all++;
            if (S_ISDIR(s.st_mode)) {
                folders++;
                continue;
            }
            long at = 0;
            while (at < count && found[at].inode != s.st_ino)
                at++;
            if (at == count)
                count++;
            found[at].inode = s.st_ino;
            found[at].links = s.st_nlink;
            found[at].names++;
            snprintf(found[at].path, sizeof found[at].path, "%s", name);
        }
        closedir(names);
        errno = 0;
        if (stat(path, &s) < 0 || s.st_nlink != 2 + folders)
            wrong("links of", path);
    }
    for (long i = 0; i < count; i++)
        if (found[i].links != found[i].names)
            wrong("links of", found[i].path);
    return all;
}
