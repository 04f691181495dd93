/* The folder of one process: a table says what each of its names is, and of every file what it holds. */
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

#define NAMES 40
#define BLOCK 512

enum { NOTHING, FILE_, FOLDER, LINK };

static struct {
    int kind;
    int file; /* which, of a FILE_ */
} table[NAMES];
static struct {
    int links;
    int blocks;
    unsigned stamp;
} files[NAMES];
static char base[1000];

static const char *path(int name) {
    static char filled[4][1100];
    static int turn;
    char *into = filled[turn++ % 4];
    snprintf(into, 1100, "%s/name%d", base, name);
    return into;
}

static void must(long result, const char *what, int name) {
    if (result < 0)
        wrong(what, path(name));
}

void own_begin(const char *folder) {
    snprintf(base, sizeof base, "%s", folder);
    if (mkdir(base, 0755) < 0)
        wrong("mkdir", base);
}

static void fill(unsigned char *block, unsigned stamp, int number) {
    for (int i = 0; i < BLOCK; i++)
        block[i] = (unsigned char)(stamp * 31 + (unsigned)number * 7 + (unsigned)i);
}

static void look(int name) {
    struct stat s;
    int result = lstat(path(name), &s), kind = table[name].kind;
    if (kind == NOTHING) {
        if (result == 0 || errno != ENOENT)
            wrong("there is", path(name));
        return;
    }
    must(result, "lstat", name);
    if ((s.st_mode & S_IFMT) != (kind == FILE_ ? S_IFREG : kind == FOLDER ? S_IFDIR : S_IFLNK))
        wrong("type of", path(name));
    if (kind != FILE_)
        return;
    int file = table[name].file;
    if ((int)s.st_nlink != files[file].links)
        wrong("links of", path(name));
    if (s.st_size != files[file].blocks * BLOCK)
        wrong("size of", path(name));
    int fd = open(path(name), O_RDONLY);
    must(fd, "open", name);
    for (int i = 0; i < files[file].blocks; i++) {
        unsigned char got[BLOCK], right[BLOCK];
        fill(right, files[file].stamp, i);
        if (read(fd, got, BLOCK) != BLOCK || memcmp(got, right, BLOCK) != 0)
            wrong("content of", path(name));
    }
    close(fd);
}

static void append(int name) {
    int file = table[name].file, flags = O_WRONLY | (below(2) ? O_APPEND : 0);
    int fd = open(path(name), flags);
    must(fd, "open", name);
    must(lseek(fd, 0, SEEK_END), "lseek", name);
    for (long more = 1 + below(8); more > 0; more--) {
        unsigned char block[BLOCK];
        fill(block, files[file].stamp, files[file].blocks++);
        if (write(fd, block, BLOCK) != BLOCK)
            wrong("write", path(name));
    }
    must(close(fd), "close", name);
}

static void make(int name) {
    long roll = below(10);
    if (roll < 6) {
        int file = 0;
        while (files[file].links > 0)
            file++; /* there are as many as names */
        int fd = open(path(name), O_WRONLY | O_CREAT | O_EXCL, 0644);
        must(fd, "create", name);
        close(fd);
        files[file].links = 1;
        files[file].blocks = 0;
        files[file].stamp = (unsigned)below(1 << 30);
        table[name].kind = FILE_;
        table[name].file = file;
        append(name);
    } else if (roll < 8) {
        must(mkdir(path(name), 0755), "mkdir", name);
        table[name].kind = FOLDER;
    } else {
        must(symlink("name0", path(name)), "symlink", name);
        table[name].kind = LINK;
    }
}

static void gone(int name) {
    if (table[name].kind == FILE_)
        files[table[name].file].links--;
    table[name].kind = NOTHING;
}

static void take_away(int name) {
    must(table[name].kind == FOLDER ? rmdir(path(name)) : unlink(path(name)), "remove", name);
    gone(name);
}

static void move(int name, int to) {
    int same = table[name].kind == FILE_ && table[to].kind == FILE_ && table[name].file == table[to].file;
    int fits = table[to].kind == NOTHING || (table[name].kind == FOLDER) == (table[to].kind == FOLDER);
    if (!fits || below(4) == 0) {
        int exchange = table[to].kind != NOTHING;
        must(renameat2(AT_FDCWD, path(name), AT_FDCWD, path(to), exchange ? RENAME_EXCHANGE : RENAME_NOREPLACE), "rename2",
             name);
        int kind = table[to].kind, file = table[to].file;
        table[to] = table[name];
        table[name].kind = kind;
        table[name].file = file;
        return;
    }
    must(rename(path(name), path(to)), "rename", name);
    if (name == to || same) /* names of one file: both stay */
        return;
    gone(to);
    table[to] = table[name];
    table[name].kind = NOTHING;
}

static void list(void) {
    int seen[NAMES] = {0}, number;
    DIR *folder = opendir(base);
    if (!folder)
        wrong("opendir", base);
    for (struct dirent *entry; (entry = readdir(folder));) {
        if (sscanf(entry->d_name, "name%d", &number) == 1 && number >= 0 && number < NAMES) {
            static const int types[] = {-1, DT_REG, DT_DIR, DT_LNK};
            if (seen[number]++ || entry->d_type != types[table[number].kind])
                wrong("listed", path(number));
        } else if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) {
            wrong("listed", entry->d_name);
        }
    }
    closedir(folder);
    for (int i = 0; i < NAMES; i++)
        if (!seen[i] && table[i].kind != NOTHING)
            wrong("not listed", path(i));
}

void own_step(void) {
    int name = (int)below(NAMES), other = (int)below(NAMES);
    long roll = below(100);
    if (roll < 5) {
        list();
    } else if (table[name].kind == NOTHING) {
        make(name);
    } else if (roll < 30) {
        take_away(name);
    } else if (roll < 55) {
        if (name != other)
            move(name, other);
    } else if (table[name].kind != FILE_ || roll < 70) {
        look(name);
    } else if (roll < 85 && table[other].kind == NOTHING) {
        must(link(path(name), path(other)), "link", name);
        table[other] = table[name];
        files[table[name].file].links++;
    } else if (files[table[name].file].blocks < 200) {
        append(name);
    }
}

void own_check(void) {
    list();
    for (int i = 0; i < NAMES; i++)
        look(i);
}
