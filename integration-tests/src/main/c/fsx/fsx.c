/*
 * fsx [--seed=N] [--operations=N] [--until=FILE] [--unlinked] [--drop] FILE
 * Random reads, writes, mapped reads and writes, cuts, holes, copies and reopenings of FILE, which it makes; a model in
 * memory says what every read has to bring. After the idea of Apple's program of that name.
 *   --until=FILE   ends when there is such a file, if N operations (1000) are not over yet
 *   --unlinked     FILE has no name while it is used, and is never opened again
 *   --drop         has the kernel drop its caches now and then: what is read next comes from the file system; as root
 * Exit status: 0: all as the model says; 1: not, with the operations before; 2: it cannot run.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define MOST (256 << 10)
#define LONGEST (64 << 10)
#define PAGE 4096
#define REMEMBERED 30

static unsigned char model[MOST], bytes[MOST];
static long size;
static int file = -1;
static const char *path;
static int unlinked;
static uint64_t state;
static char log_[REMEMBERED][120];
static long operations;

enum kind { READ, WRITE, MAP_READ, MAP_WRITE, CUT, HOLE, RESERVE, COPY, REOPEN, SYNC, DROP, KINDS };
static const char *const names[KINDS] = {"read", "write", "mapped read", "mapped write", "cut", "hole",
                                         "reservation", "copy", "reopening", "sync", "drop of caches"};
static const int weights[KINDS] = {25, 25, 12, 12, 6, 6, 3, 6, 3, 1, 1};
static long counts[KINDS];

static uint64_t next(void) { /* xorshift64* */
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 2685821657736338717u;
}

static long below(long limit) { return limit <= 0 ? 0 : (long)(next() >> 16) % limit; }

static void wrong(const char *what, long at, int status) {
    printf("fsx: operation %ld: %s", operations, what);
    if (at >= 0)
        printf(" at %ld: %02x, and %02x is right", at, bytes[at], model[at]);
    else if (status == 2)
        printf(": %s", strerror(errno));
    printf("; size %ld; the operations before:\n", size);
    for (long i = operations < REMEMBERED ? 0 : operations - REMEMBERED; i <= operations; i++)
        printf("    %ld: %s\n", i, log_[i % REMEMBERED]);
    exit(1);
}

static void must(long result, const char *what) {
    if (result < 0)
        wrong(what, -1, 2);
}

static void compare(const char *what, long from, long length) {
    if (memcmp(bytes + from, model + from, length) == 0)
        return;
    long at = from;
    while (bytes[at] == model[at])
        at++;
    wrong(what, at, 1);
}

static void check_size(void) {
    struct stat s;
    must(fstat(file, &s), "fstat");
    if (s.st_size != size) {
        printf("fsx: st_size is %ld\n", (long)s.st_size);
        wrong("size", -1, 1);
    }
}

static void do_read(long from, long length) {
    ssize_t got = pread(file, bytes + from, length, from);
    must(got, "read");
    if (got != (from >= size ? 0 : from + length > size ? size - from : length)) {
        printf("fsx: %zd bytes read\n", got);
        wrong("length of a read", -1, 1);
    }
    compare("read", from, got);
}

/* What lies between the old end and what is written is zero in the model: cut() keeps it so. */
static void do_write(long from, long length) {
    for (long i = 0; i < length; i++)
        model[from + i] = (unsigned char)next();
    for (long done = 0; done < length;) {
        ssize_t put = pwrite(file, model + from + done, length - done, from + done);
        must(put, "write");
        done += put;
    }
    if (from + length > size)
        size = from + length;
}

static unsigned char *map(long from, long length, int access, long *skip) {
    *skip = from % PAGE;
    unsigned char *at = mmap(NULL, length + *skip, access, MAP_SHARED, file, from - *skip);
    must(at == MAP_FAILED ? -1 : 0, "mmap");
    return at;
}

static void do_map_read(long from, long length) {
    long skip;
    if (from + length > size)
        length = size - from;
    if (length <= 0)
        return;
    unsigned char *at = map(from, length, PROT_READ, &skip);
    memcpy(bytes + from, at + skip, length);
    must(munmap(at, length + skip), "munmap");
    compare("mapped read", from, length);
}

static void do_map_write(long from, long length) {
    long skip;
    if (from + length > size) {
        must(ftruncate(file, from + length), "ftruncate");
        size = from + length;
    }
    if (length == 0)
        return;
    unsigned char *at = map(from, length, PROT_READ | PROT_WRITE, &skip);
    for (long i = 0; i < length; i++)
        at[skip + i] = model[from + i] = (unsigned char)next();
    if (below(3) == 0)
        must(msync(at, length + skip, MS_SYNC), "msync");
    must(munmap(at, length + skip), "munmap");
}

static void do_cut(long to) {
    must(ftruncate(file, to), "ftruncate");
    if (to < size)
        memset(model + to, 0, size - to);
    size = to;
}

static void do_hole(long from, long length) {
    if (length == 0)
        return;
    must(fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, from, length), "hole");
    memset(model + from, 0, length);
}

static void do_reserve(long from, long length) {
    if (length == 0)
        return;
    must(fallocate(file, 0, from, length), "fallocate");
    if (from + length > size)
        size = from + length;
}

static void do_copy(long from, long length, long to) {
    if (from + length > size)
        length = size - from;
    if (length <= 0 || (from < to + length && to < from + length))
        return;
    for (long done = 0; done < length;) {
        off_t in = from + done, out = to + done;
        ssize_t put = copy_file_range(file, &in, file, &out, length - done, 0);
        must(put, "copy_file_range");
        if (put == 0)
            wrong("copy ends early", -1, 1);
        done += put;
    }
    memcpy(model + to, model + from, length);
    if (to + length > size)
        size = to + length;
}

static void do_drop(void) {
    int order = open("/proc/sys/vm/drop_caches", O_WRONLY);
    must(order, "drop_caches");
    must(fsync(file), "fsync"); /* what is dirty is not dropped */
    must(write(order, "3", 1), "drop_caches");
    close(order);
}

static void do_reopen(void) {
    if (unlinked)
        return;
    must(close(file), "close");
    file = open(path, O_RDWR);
    must(file, "open");
}

static void step(int drop) {
    long from = below(MOST), length = below(below(4) ? LONGEST / 8 : LONGEST), to = below(MOST);
    int kind = 0;
    for (long roll = below(100); roll >= weights[kind]; kind++)
        roll -= weights[kind];
    if (from + length > MOST)
        length = MOST - from;
    if (to + length > MOST)
        to = MOST - length;
    if (kind == DROP && !drop)
        kind = READ;
    counts[kind]++;
    snprintf(log_[operations % REMEMBERED], sizeof *log_, "%s of %ld at %ld, to %ld; size %ld", names[kind], length, from,
             to, size);
    switch (kind) {
        case READ: do_read(from, length); break;
        case WRITE: do_write(from, length); break;
        case MAP_READ: do_map_read(from, length); break;
        case MAP_WRITE: do_map_write(from, length); break;
        case CUT: do_cut(to); break;
        case HOLE: do_hole(from, length); break;
        case RESERVE: do_reserve(from, length); break;
        case COPY: do_copy(from, length, to); break;
        case REOPEN: do_reopen(); break;
        case SYNC: must(fsync(file), "fsync"); break;
        case DROP: do_drop(); break;
    }
    check_size();
}

int main(int argc, char **argv) {
    long most = 1000;
    const char *until = NULL;
    int drop = 0;
    state = 1;
    for (int i = 1; i < argc; i++) {
        if (strncmp(argv[i], "--seed=", 7) == 0)
            state = strtoull(argv[i] + 7, NULL, 10);
        else if (strncmp(argv[i], "--operations=", 13) == 0)
            most = atol(argv[i] + 13);
        else if (strncmp(argv[i], "--until=", 8) == 0)
            until = argv[i] + 8;
        else if (strcmp(argv[i], "--unlinked") == 0)
            unlinked = 1;
        else if (strcmp(argv[i], "--drop") == 0)
            drop = 1;
        else if (!path && strncmp(argv[i], "--", 2) != 0)
            path = argv[i];
        else
            path = NULL, i = argc;
    }
    if (!path) {
        fprintf(stderr, "fsx [--seed=N] [--operations=N] [--until=FILE] [--unlinked] [--drop] FILE\n");
        return 2;
    }
    state = state * 2 + 1; /* never 0 */
    file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || (unlinked && unlink(path) < 0)) {
        fprintf(stderr, "fsx: %s: %s\n", path, strerror(errno));
        return 2;
    }
    for (; operations < most && !(until && access(until, F_OK) == 0); operations++)
        step(drop);
    snprintf(log_[operations % REMEMBERED], sizeof *log_, "the end");
    do_read(0, MOST);
    printf("%ld operations:", operations);
    for (int i = 0; i < KINDS; i++)
        printf(" %ld %s%s", counts[i], names[i], i + 1 < KINDS ? "," : "\n");
    return 0;
}
