/*
 * Tries what a program in a box must not do, and some things that it must, and says what came of each: a line with a name
 * and "ok", the error's name, or the signal that ended the one who tried. Each attempt is a process of its own, and does no
 * harm if it succeeds: calls that change the machine have arguments that the kernel refuses. Outside of a box it tries nothing.
 *
 * probe OUTSIDE SOCKET PID OWN: a file that is not its business, and a program beside it, OUTSIDE.program; a socket of streams
 * at which somebody waits; a process that is not in the box; a file of its own.
 *
 * A fifth argument is a filter that each attempt installs first, as a daemon does once it serves: instructions of four
 * hexadecimal numbers, as in struct sock_filter, with colons between them and a space after each.
 *
 * It ends at the end of its standard input.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *outside, *listener, *own;
static int peer;
static struct sock_filter steps[4096];
static struct sock_fprog serving = {.filter = steps};

static long opened(const char *path, int flags) {
    return open(path, flags | O_CLOEXEC, 0600);
}

static long beside(const char *suffix, char *path) {
    return snprintf(path, 4096, "%s.%s", outside, suffix);
}

static long of_peer(const char *file) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", peer, file);
    return opened(path, O_RDONLY);
}

static long connected(int type) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    strncpy(to.sun_path, listener, sizeof to.sun_path - 1);
    int fd = socket(AF_UNIX, type, 0);
    return fd < 0 ? fd : connect(fd, (struct sockaddr *) &to, sizeof to);
}

static long exec_program(void) {
    char path[4096], *words[] = {path, NULL};
    beside("program", path);
    return execve(path, words, words + 1);
}
static long new_process(void) {
    pid_t child = fork();
    if (child == 0) {
        _exit(0);
    }
    return child;
}
static long read_outside(void) { return opened(outside, O_RDONLY); }
static long write_outside(void) { return opened(outside, O_WRONLY); }
static long truncate_outside(void) { return truncate(outside, 0); }
static long create_outside(void) {
    char path[4096];
    beside("new", path);
    return opened(path, O_WRONLY | O_CREAT);
}
static long create_in_tmp(void) {
    const char *path = "/tmp/ringfence-box-probe";
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0) {
        unlink(path);
    }
    return fd;
}
static long unlink_outside(void) { return unlink(outside); }
static long link_outside(void) {
    char path[4096];
    beside("link", path);
    return link(outside, path);
}
static long chmod_outside(void) { return chmod(outside, 0666); }
static long list_outside(void) { return opened("/", O_RDONLY | O_DIRECTORY); }
static long read_passwords(void) { return opened("/etc/passwd", O_RDONLY); }
static long device(void) { return opened("/dev/zero", O_RDONLY); }
static long make_device(void) {
    char path[4096];
    beside("device", path);
    return mknod(path, S_IFCHR | 0600, makedev(1, 3));
}
static long kernel_setting(void) { return opened("/proc/sys/kernel/core_pattern", O_WRONLY); }
static long memory_of_peer(void) { return of_peer("mem"); }
static long environment_of_peer(void) { return of_peer("environ"); }
static long descriptor_of_peer(void) { return of_peer("fd/0"); }
static long root_of_peer(void) { return of_peer("root/etc"); }
static long inet(void) { return socket(AF_INET, SOCK_STREAM, 0); }
static long inet_datagram(void) { return socket(AF_INET, SOCK_DGRAM, 0); }
static long inet6(void) { return socket(AF_INET6, SOCK_STREAM, 0); }
static long netlink(void) { return socket(AF_NETLINK, SOCK_RAW, 0); }
static long packet(void) { return socket(AF_PACKET, SOCK_RAW, 0); }
static long vsock(void) { return socket(AF_VSOCK, SOCK_STREAM, 0); }
static long listener_of_ours(void) {
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    int fds[2];
    return socketpair(AF_UNIX, SOCK_DGRAM, 0, fds) < 0 ? -1 : bind(fds[0], (struct sockaddr *) &at, sizeof at.sun_family);
}
static long socket_of_other(void) { return connected(SOCK_STREAM); }
static long trace(void) { return syscall(SYS_ptrace, -1, peer, 0, 0); }
static long read_peer(void) {
    char byte;
    struct iovec here = {&byte, 1}, there = {(void *) 0x400000, 1};
    return process_vm_readv(peer, &here, 1, &there, 1, 0);
}
static long signal_peer(void) { return kill(peer, 0); }
static long signal_thread_of_peer(void) { return syscall(SYS_tgkill, peer, peer, 0); }
static long signal_by_pidfd(void) {
    int fd = syscall(SYS_pidfd_open, peer, 0);
    return fd < 0 ? fd : syscall(SYS_pidfd_send_signal, fd, 0, 0, 0);
}
static long take_descriptor(void) {
    int fd = syscall(SYS_pidfd_open, peer, 0);
    return fd < 0 ? fd : syscall(SYS_pidfd_getfd, fd, 0, 0);
}
static long mount_call(void) { return syscall(SYS_mount, 0, 0, 0, 0, 0); }
static long mount_object(void) { return syscall(SYS_fsopen, 0, 0); }
static long change_root(void) { return chroot(""); }
static long user_namespace(void) { return unshare(CLONE_NEWUSER); }
static long network_namespace(void) { return syscall(SYS_clone, CLONE_NEWNET | SIGCHLD, 0, 0, 0, 0); }
static long enter_namespace(void) { return setns(0, 0); }
static long bpf_call(void) { return syscall(SYS_bpf, 0, 0, 0); }
static long perf(void) { return syscall(SYS_perf_event_open, 0, 0, -1, -1, 0); }
static long key(void) { return syscall(SYS_keyctl, -1, 0, 0); }
static long new_kernel(void) { return syscall(SYS_kexec_load, 0, 0, 0, -1); }
static long module(void) { return syscall(SYS_finit_module, -1, "", 0); }
static long restart(void) { return syscall(SYS_reboot, 0, 0, 0, 0); }
static long page_faults(void) { return syscall(SYS_userfaultfd, O_CLOEXEC); }
static long clock_change(void) { return syscall(SYS_clock_settime, 0, 0); }
static long ring(void) { return syscall(SYS_io_uring_setup, 0, 0); }
static long by_handle(void) {
    struct {
        unsigned bytes;
        int type;
        unsigned inode, generation;
    } nothing = {8, 1, 0, 0};
    return syscall(SYS_open_by_handle_at, AT_FDCWD, &nothing, O_PATH);
}
static long x32_call(void) { return syscall(0x40000000 | SYS_getpid); }
static long own_read(void) { return opened(own, O_RDONLY); }
static long own_write(void) { return opened(own, O_WRONLY); }
static long null_write(void) { return opened("/dev/null", O_WRONLY); }
static long random_read(void) { return opened("/dev/urandom", O_RDONLY); }
static long memory_file(void) { return memfd_create("probe", MFD_CLOEXEC); }
static long pair(void) {
    int fds[2];
    return socketpair(AF_UNIX, SOCK_STREAM, 0, fds);
}

static const struct {
    const char *name;
    long (*attempt)(void);
} attempts[] = {
#define ONE(name) {#name, name}
    ONE(exec_program), ONE(new_process), ONE(read_outside), ONE(write_outside), ONE(truncate_outside),
    ONE(create_outside), ONE(create_in_tmp), ONE(unlink_outside), ONE(link_outside), ONE(chmod_outside),
    ONE(list_outside), ONE(read_passwords), ONE(device), ONE(make_device), ONE(kernel_setting), ONE(memory_of_peer),
    ONE(environment_of_peer), ONE(descriptor_of_peer), ONE(root_of_peer), ONE(inet), ONE(inet_datagram), ONE(inet6),
    ONE(netlink), ONE(packet), ONE(vsock), ONE(listener_of_ours), ONE(socket_of_other), ONE(trace), ONE(read_peer),
    ONE(signal_peer), ONE(signal_thread_of_peer), ONE(signal_by_pidfd), ONE(take_descriptor), ONE(mount_call),
    ONE(mount_object), ONE(change_root), ONE(user_namespace), ONE(network_namespace), ONE(enter_namespace),
    ONE(bpf_call), ONE(perf), ONE(key), ONE(new_kernel), ONE(module), ONE(restart), ONE(page_faults), ONE(clock_change),
    ONE(ring), ONE(by_handle), ONE(x32_call), ONE(own_read), ONE(own_write), ONE(null_write), ONE(random_read),
    ONE(memory_file), ONE(pair),
};

static void parse(const char *filter) {
    unsigned code, when_true, when_false, operand;
    int length;
    for (; sscanf(filter, "%x:%x:%x:%x %n", &code, &when_true, &when_false, &operand, &length) == 4; filter += length) {
        steps[serving.len++] = (struct sock_filter){code, when_true, when_false, operand};
    }
}

int main(int count, char **words) {
    if (count < 5 || count > 6 || prctl(PR_GET_SECCOMP) != SECCOMP_MODE_FILTER) {
        fputs("probe: four arguments or five, in a box\n", stderr);
        return 2;
    }
    outside = words[1];
    listener = words[2];
    peer = atoi(words[3]);
    own = words[4];
    if (count == 6) {
        parse(words[5]);
    }
    for (size_t i = 0; i < sizeof attempts / sizeof *attempts; i++) {
        printf("%s ", attempts[i].name);
        fflush(stdout);
        pid_t child = fork();
        if (child == 0) {
            if (serving.len > 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &serving) != 0) {
                _exit(ENOTRECOVERABLE);
            }
            _exit(attempts[i].attempt() < 0 ? errno : 0);
        }
        int status;
        if (child < 0 || waitpid(child, &status, 0) != child) {
            perror("fork");
            return 1;
        }
        if (WIFSIGNALED(status)) {
            printf("SIG%s\n", sigabbrev_np(WTERMSIG(status)));
        } else {
            printf("%s\n", WEXITSTATUS(status) == 0 ? "ok" : strerrorname_np(WEXITSTATUS(status)));
        }
    }
    char end; // comes when our namespaces have been looked at
    return read(STDIN_FILENO, &end, 1) == 0 ? 0 : 1;
}
