/*
 * stamp DEVICE SECONDS WRITERS SEED
 *
 * Random 4 KiB writes past the page cache, each stamped with its place and a number that grows, and
 * now and then a read or a flush; then every block is read back. A block must hold the last stamp
 * that was acknowledged, or what it held at the start where none was written: nothing is lost, nothing
 * is misplaced. Prints a line per second, and at the end
 *     stamp: writes=N reads=N flushes=N gap=MILLISECONDS errors=N
 * where the gap is the longest time in which nothing completed. SIGTERM ends the writing early. Exits with 1 if
 * there were errors.
 * The device's contents are destroyed.
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096, MOST_WRITERS = 64, WORDS = BLOCK / 8 };

static const char *path;
static int device;
static uint32_t blocks;     /* of the device */
static int writers;         /* writer w owns the blocks b with b % writers == w */
static uint32_t *last;      /* the last acknowledged stamp of each block; 0: never written */
static uint64_t seed;
static _Atomic int64_t deadline;    /* of the writing, in nanoseconds of CLOCK_MONOTONIC */
static atomic_long writes, reads, flushes, errors;
static _Atomic int64_t completed, gap;

static int64_t now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* splitmix64 */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
    x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
    return x ^ (x >> 31);
}

static void fill(uint64_t *block, uint32_t number, uint32_t stamp)
{
    uint64_t x = mix(seed ^ ((uint64_t)stamp << 32 | number));
    block[0] = (uint64_t)stamp << 32 | number;
    for (int i = 1; i < WORDS; i++)
        block[i] = x = mix(x);
}

static void complain(const char *what, uint32_t number, uint64_t found)
{
    if (atomic_fetch_add(&errors, 1) < 10)
        printf("stamp: %s, block %u: expected stamp %u, found %016llx\n", what, number, last[number],
               (unsigned long long)found);
}

static void has_completed(void)
{
    int64_t t = now(), before = atomic_exchange(&completed, t);
    int64_t longest = gap;
    while (t - before > longest && !atomic_compare_exchange_weak(&gap, &longest, t - before))
        ;
}

static void check(uint64_t *block, uint64_t *wanted, uint32_t number)
{
    if (pread(device, block, BLOCK, (off_t)number * BLOCK) != BLOCK) {
        complain(strerror(errno), number, 0);
        return;
    }
    has_completed();
    reads++;
    if (last[number] == 0)
        memset(wanted, 0, BLOCK);
    else
        fill(wanted, number, last[number]);
    if (memcmp(block, wanted, BLOCK) != 0)
        complain("wrong contents", number, block[0]);
}

static void *buffer(void)
{
    void *memory;
    if (posix_memalign(&memory, BLOCK, BLOCK))
        errx(2, "no memory");
    return memory;
}

static void *writer(void *argument)
{
    uint32_t self = (uintptr_t)argument, stamp = 0;
    uint64_t x = mix(seed + self), *block = buffer(), *wanted = buffer();
    while (now() < deadline) {
        x = mix(x);
        uint32_t number = (uint32_t)((x >> 16) % (blocks / writers)) * writers + self;
        if (x % 8 == 0) {
            check(block, wanted, number);
            continue;
        }
        fill(block, number, ++stamp);
        if (pwrite(device, block, BLOCK, (off_t)number * BLOCK) != BLOCK) {
            complain(strerror(errno), number, 0);
            continue;
        }
        last[number] = stamp;
        has_completed();
        writes++;
        if (x % 61 == 0) {
            if (fdatasync(device))
                complain(strerror(errno), number, 0);
            has_completed();
            flushes++;
        }
    }
    return NULL;
}

static void clear(void)
{
    static char zeroes[1 << 20];
    int plain = open(path, O_WRONLY);
    off_t left = (off_t)blocks * BLOCK;
    while (left > 0) {
        ssize_t n = write(plain, zeroes, left < (off_t)sizeof zeroes ? (size_t)left : sizeof zeroes);
        if (n <= 0)
            err(2, "%s", path);
        left -= n;
    }
    if (fsync(plain))
        err(2, "%s", path);
    close(plain);
}

static void end_early(int signal)
{
    (void)signal;
    deadline = 0;
}

int main(int count, char **arguments)
{
    if (count != 5)
        errx(2, "usage: stamp DEVICE SECONDS WRITERS SEED");
    path = arguments[1];
    writers = atoi(arguments[3]);
    seed = strtoull(arguments[4], NULL, 0);
    setvbuf(stdout, NULL, _IOLBF, 0);
    device = open(path, O_RDWR | O_DIRECT);
    if (device < 0 || writers < 1 || writers > MOST_WRITERS)
        err(2, "%s", path);
    blocks = lseek(device, 0, SEEK_END) / BLOCK / writers * writers;
    last = calloc(blocks, sizeof *last);
    clear();
    puts("stamp: begins");
    int64_t begin = now();
    completed = begin;
    deadline = begin + atoll(arguments[2]) * INT64_C(1000000000);
    signal(SIGTERM, end_early);
    pthread_t thread[MOST_WRITERS];
    for (int i = 0; i < writers; i++)
        if (pthread_create(&thread[i], NULL, writer, (void *)(uintptr_t)i))
            errx(2, "no threads");
    for (long before = 0, second = 1; now() < deadline; second++) {
        sleep(1);
        long all = writes;
        printf("stamp: second %ld, %ld writes\n", second, all - before);
        before = all;
    }
    for (int i = 0; i < writers; i++)
        pthread_join(thread[i], NULL);
    uint64_t *block = buffer(), *wanted = buffer();
    for (uint32_t i = 0; i < blocks; i++)
        check(block, wanted, i);
    printf("stamp: writes=%ld reads=%ld flushes=%ld gap=%lld errors=%ld\n", (long)writes, (long)reads, (long)flushes,
           (long long)(gap / 1000000), (long)errors);
    return errors != 0;
}
