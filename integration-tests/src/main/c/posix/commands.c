/*
 * The commands of a case. Words are separated by single spaces:
 *   create F MODE   mkdir F MODE   mkfifo F MODE   mknod F c|b MODE   socket F MODE   symlink TARGET F   link F G
 *   rename F G   rename2 F G FLAGS   unlink F   rmdir F   chmod F MODE   chown F UID GID   lchown F UID GID
 *   truncate F BYTES   ftruncate F BYTES   write F BYTES   append F BYTES   open F FLAGS [MODE]   tmpfile F MODE
 *   utime F ATIME MTIME (seconds[.nanoseconds], now, omit)   lutime F ATIME MTIME   access F MODE   readlink F   stat F
 *   list F   content F   umask MODE   as UID GID [GROUP]...   mark F (and wait)   since F (what has changed)
 * In a name, %N stands for N times x, @N for a way of N bytes to the file named f, - for nothing.
 */
#define _GNU_SOURCE
#include "posix.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define WORDS 12
#define PATH 8192

static struct stat marked;

static const char *expand(const char *word, char *into) {
    size_t length = 0;
    if (strcmp(word, "-") == 0)
        return "";
    if (word[0] == '@') {
        int bytes = atoi(word + 1);
        for (int i = 0; i < bytes - 1; i++)
            into[i] = i % 2 == bytes % 2 ? '/' : '.';
        if (bytes % 2 == 0)
            into[0] = '.', into[1] = '/'; /* "././" begins with a point whatever the length */
        into[0] = '.';
        into[bytes - 1] = 'f';
        into[bytes] = 0;
        return into;
    }
    for (; *word; word++) {
        if (*word == '%') {
            char *end;
            long count = strtol(word + 1, &end, 10);
            memset(into + length, 'x', count);
            length += count;
            word = end - 1;
        } else {
            into[length++] = *word;
        }
    }
    into[length] = 0;
    return into;
}

static void say(long result) {
    if (result < 0)
        printf(" -> %s\n", strerrorname_np(errno));
    else
        printf(" -> ok\n");
}

static int octal(const char *word) { return (int)strtol(word, NULL, 8); }

static int flags_of(const char *word) {
    static const struct {
        const char *name;
        int bits;
    } flags[] = {{"r", O_RDONLY},         {"w", O_WRONLY},     {"rw", O_RDWR},         {"creat", O_CREAT},
                 {"excl", O_EXCL},        {"trunc", O_TRUNC},  {"append", O_APPEND},   {"dir", O_DIRECTORY},
                 {"nofollow", O_NOFOLLOW}, {"path", O_PATH},    {"nonblock", O_NONBLOCK}, {"noatime", O_NOATIME}};
    int bits = O_NONBLOCK; /* a pipe has nobody at its other end */
    char copy[100];
    snprintf(copy, sizeof copy, "%s", word);
    for (char *one = strtok(copy, ","); one; one = strtok(NULL, ","))
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
            if (strcmp(one, flags[i].name) == 0)
                bits |= flags[i].bits;
    return bits;
}

static struct timespec time_of(const char *word) {
    struct timespec time = {0, 0};
    if (strcmp(word, "now") == 0)
        time.tv_nsec = UTIME_NOW;
    else if (strcmp(word, "omit") == 0)
        time.tv_nsec = UTIME_OMIT;
    else {
        char *end;
        time.tv_sec = strtoll(word, &end, 10);
        if (*end == '.')
            time.tv_nsec = strtol(end + 1, NULL, 10);
    }
    return time;
}

static void show(const char *path) {
    struct stat s;
    if (lstat(path, &s) < 0) {
        say(-1);
        return;
    }
    printf(" -> %o links %ju owner %u:%u", s.st_mode, (uintmax_t)s.st_nlink, s.st_uid, s.st_gid);
    if (S_ISCHR(s.st_mode) || S_ISBLK(s.st_mode))
        printf(" device %u:%u", major(s.st_rdev), minor(s.st_rdev));
    if (!S_ISDIR(s.st_mode))
        printf(" size %jd", (intmax_t)s.st_size);
    if (s.st_mtim.tv_sec < 1000000000 || s.st_mtim.tv_sec > 4000000000) /* set by the case */
        printf(" changed %jd.%09ld", (intmax_t)s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
    if (s.st_atim.tv_sec < 1000000000 || s.st_atim.tv_sec > 4000000000)
        printf(" read %jd.%09ld", (intmax_t)s.st_atim.tv_sec, s.st_atim.tv_nsec);
    printf("\n");
}

static void since(const char *path) {
    struct stat s;
    if (lstat(path, &s) < 0) {
        say(-1);
        return;
    }
    int data = s.st_mtim.tv_sec != marked.st_mtim.tv_sec || s.st_mtim.tv_nsec != marked.st_mtim.tv_nsec;
    int inode = s.st_ctim.tv_sec != marked.st_ctim.tv_sec || s.st_ctim.tv_nsec != marked.st_ctim.tv_nsec;
    printf(" -> data %s, inode %s\n", data ? "changed" : "same", inode ? "changed" : "same");
}

static int by_name(const struct dirent **a, const struct dirent **b) { return strcmp((*a)->d_name, (*b)->d_name); }

static void list(const char *path) {
    struct dirent **entries;
    int count = scandir(path, &entries, NULL, by_name);
    if (count < 0) {
        say(-1);
        return;
    }
    printf(" ->");
    for (int i = 0; i < count; i++)
        printf(" %s:%d", entries[i]->d_name, entries[i]->d_type);
    printf("\n");
}

static void content(const char *path) {
    int fd = open(path, O_RDONLY | O_NONBLOCK);
    unsigned sum = 0;
    unsigned char bytes[4096];
    ssize_t got, all = 0;
    if (fd < 0) {
        say(-1);
        return;
    }
    while ((got = read(fd, bytes, sizeof bytes)) > 0) {
        all += got;
        for (ssize_t i = 0; i < got; i++)
            sum = sum * 31 + bytes[i];
    }
    if (got < 0)
        say(-1);
    else
        printf(" -> %zd bytes, sum %08x\n", all, sum);
    close(fd);
}

static long closed(int fd) {
    if (fd >= 0)
        close(fd);
    return fd;
}

static long written(const char *path, const char *count, int flags) {
    int fd = open(path, O_WRONLY | O_NONBLOCK | flags);
    char bytes[4096];
    if (fd < 0)
        return -1;
    memset(bytes, 'w', sizeof bytes);
    long result = write(fd, bytes, atoi(count));
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

static long cut(const char *path, const char *size) {
    int fd = open(path, O_WRONLY | O_NONBLOCK);
    if (fd < 0)
        return -1;
    long result = ftruncate(fd, atoll(size));
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

static long bound(const char *path, const char *mode) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (strlen(path) >= sizeof address.sun_path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    strcpy(address.sun_path, path);
    mode_t mask = umask(07777 & ~octal(mode));
    long result = bind(fd, (struct sockaddr *)&address, sizeof address);
    int error = errno;
    umask(mask);
    close(fd);
    errno = error;
    return result;
}

static long become(char **words, int count) {
    gid_t groups[WORDS];
    for (int i = 3; i < count; i++)
        groups[i - 3] = atoi(words[i]);
    /* the way back stays open: only the effective ids change */
    if (seteuid(0) < 0 || setgroups(count - 3, groups) < 0 || setegid(atoi(words[2])) < 0)
        return -1;
    return seteuid(atoi(words[1]));
}

static long set_times(const char *path, char **words, int flags) {
    struct timespec times[2] = {time_of(words[2]), time_of(words[3])};
    return utimensat(AT_FDCWD, path, times, flags);
}

static long pointed(const char *path) {
    char target[PATH];
    ssize_t length = readlink(path, target, sizeof target - 1);
    if (length >= 0)
        printf(" [%.*s]", (int)length, target);
    return length;
}

/* Those with one path and something. Returns 0 if it is none of them. */
static int on_one(char **w, int n, const char *p) {
    const char *is = w[0];
    if (!strcmp(is, "create"))
        say(closed(open(p, O_CREAT | O_EXCL | O_WRONLY, octal(w[2]))));
    else if (!strcmp(is, "open"))
        say(closed(open(p, flags_of(w[2]), n > 3 ? octal(w[3]) : 0)));
    else if (!strcmp(is, "tmpfile"))
        say(closed(open(p, O_TMPFILE | O_RDWR, octal(w[2]))));
    else if (!strcmp(is, "mkdir"))
        say(mkdir(p, octal(w[2])));
    else if (!strcmp(is, "mkfifo"))
        say(mkfifo(p, octal(w[2])));
    else if (!strcmp(is, "mknod"))
        say(mknod(p, octal(w[3]) | (w[2][0] == 'c' ? S_IFCHR : S_IFBLK), makedev(1, 3)));
    else if (!strcmp(is, "socket"))
        say(bound(p, w[2]));
    else if (!strcmp(is, "unlink"))
        say(unlink(p));
    else if (!strcmp(is, "rmdir"))
        say(rmdir(p));
    else if (!strcmp(is, "chmod"))
        say(chmod(p, octal(w[2])));
    else if (!strcmp(is, "chown"))
        say(chown(p, atoi(w[2]), atoi(w[3])));
    else if (!strcmp(is, "lchown"))
        say(lchown(p, atoi(w[2]), atoi(w[3])));
    else if (!strcmp(is, "truncate"))
        say(truncate(p, atoll(w[2])));
    else if (!strcmp(is, "ftruncate"))
        say(cut(p, w[2]));
    else if (!strcmp(is, "write"))
        say(written(p, w[2], 0));
    else if (!strcmp(is, "append"))
        say(written(p, w[2], O_APPEND));
    else if (!strcmp(is, "utime"))
        say(set_times(p, w, 0));
    else if (!strcmp(is, "lutime"))
        say(set_times(p, w, AT_SYMLINK_NOFOLLOW));
    else if (!strcmp(is, "access"))
        say(faccessat(AT_FDCWD, p, atoi(w[2]), AT_EACCESS));
    else if (!strcmp(is, "readlink"))
        say(pointed(p));
    else if (!strcmp(is, "stat"))
        show(p);
    else if (!strcmp(is, "list"))
        list(p);
    else if (!strcmp(is, "content"))
        content(p);
    else if (!strcmp(is, "since"))
        since(p);
    else
        return 0;
    return 1;
}

static void run(char *line) {
    char *w[WORDS];
    int n = 0;
    char one[PATH], two[PATH];
    printf("%s", line);
    for (char *word = strtok(line, " "); word && n < WORDS; word = strtok(NULL, " "))
        w[n++] = word;
    if (n < 2)
        exit(3);
    const char *p = expand(w[1], one);
    if (on_one(w, n, p))
        return;
    const char *q = n > 2 ? expand(w[2], two) : "";
    if (!strcmp(w[0], "symlink"))
        say(symlink(p, q));
    else if (!strcmp(w[0], "link"))
        say(link(p, q));
    else if (!strcmp(w[0], "rename"))
        say(rename(p, q));
    else if (!strcmp(w[0], "rename2"))
        say(renameat2(AT_FDCWD, p, AT_FDCWD, q, atoi(w[3])));
    else if (!strcmp(w[0], "umask"))
        umask(octal(w[1])), printf("\n");
    else if (!strcmp(w[0], "as"))
        say(become(w, n));
    else if (!strcmp(w[0], "mark")) {
        struct timespec while_ = {0, 20000000};
        say(lstat(p, &marked));
        nanosleep(&while_, NULL);
    } else
        exit(3);
}

void run_commands(const char *commands) {
    char *copy = strdup(commands);
    umask(0);
    for (char *next = copy; next && *next;) {
        char *line = next;
        next = strchr(next, ';');
        if (next)
            *next++ = 0;
        if (*line)
            run(line);
    }
    free(copy);
}
