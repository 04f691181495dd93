package ringfence.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every number that Java has from C's headers is C's. */
class LayoutsMatchTheCompilerTest {
    @TempDir
    Path directory;

    @Test
    void systemCallNumbers() throws Exception {
        CLayouts c = new CLayouts().include("sys/syscall.h");
        for (Syscall call : Syscall.values()) {
            c.expect("SYS_" + call, call.number());
        }
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    @Test
    void errorNumbers() throws Exception {
        CLayouts c = new CLayouts().include("errno.h");
        for (Errno errno : Errno.values()) {
            if (errno != Errno.UNKNOWN) {
                c.expect(errno.name(), errno.number());
            }
        }
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    @Test
    void openFlagsSealsAndLocks() throws Exception {
        CLayouts c =
                new CLayouts().include("fcntl.h").include("linux/openat2.h").include("sys/mman.h");
        for (OpenFlag flag : OpenFlag.values()) {
            c.expect("O_" + flag, flag.bits());
        }
        for (Seal seal : Seal.values()) {
            c.expect("F_SEAL_" + seal, seal.bits());
        }
        for (Resolve resolve : Resolve.values()) {
            c.expect("RESOLVE_" + resolve, resolve.bits());
        }
        c.expect("F_RDLCK", LockType.READ.bits());
        c.expect("F_WRLCK", LockType.WRITE.bits());
        c.expect("F_UNLCK", LockType.NONE.bits());
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    @Test
    void privateConstants() throws Exception {
        CLayouts c = new CLayouts()
                .include("fcntl.h")
                .include("poll.h")
                .include("sys/mman.h")
                .include("sys/socket.h")
                .include("sys/un.h")
                .include("sys/epoll.h")
                .include("sys/prctl.h")
                .include("sys/resource.h")
                .include("sys/wait.h")
                .include("signal.h")
                .include("spawn.h")
                .include("linux/fs.h")
                .include("linux/memfd.h")
                .include("linux/stat.h");
        constants(
                c,
                Sockets.class,
                "",
                "AF_UNIX",
                "SOCK_.*",
                "MSG_.*",
                "SOL_SOCKET",
                "SO_PEERCRED",
                "SO_RCVTIMEO",
                "SO_SNDTIMEO",
                "SO_ACCEPTCONN",
                "SO_DOMAIN",
                "SHUT_RDWR");
        constants(c, Memory.class, "", "PROT_.*", "MAP_.*", "MFD_.*", "MADV_.*");
        constants(c, Processes.class, "", "SIG.*", "PR_.*", "RLIMIT_NOFILE");
        constants(c, Child.class, "", "P_PIDFD", "WNOHANG", "WEXITED", "CLD_EXITED");
        constants(c, PosixSpawn.class, "POSIX_SPAWN_", "SETSIGDEF", "SETSIGMASK", "SETSID");
        constants(c, PosixSpawn.class, "", "F_DUPFD_CLOEXEC");
        constants(c, Epoll.class, "EPOLL", "IN", "OUT", "ERR", "HUP", "RDHUP");
        constants(c, Epoll.class, "POLL", "IN", "OUT", "ERR", "HUP", "RDHUP");
        constants(c, Files.class, "", "AT_FDCWD", "O_CLOEXEC", "BLKSSZGET", "BLKPBSZGET");
        c.expect("(int) BLKGETSIZE64", 0x80081272);
        constants(c, DirectIo.class, "", "AT_EMPTY_PATH", "STATX_DIOALIGN");
        c.expect("F_OFD_GETLK", 36).expect("F_OFD_SETLK", 37).expect("F_OFD_SETLKW", 38);
        c.expect("F_ADD_SEALS", 1033)
                .expect("F_GET_SEALS", 1034)
                .expect("F_GETFL", 3)
                .expect("F_SETFL", 4);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    /** Expects of C each constant of a class whose name matches. */
    private static void constants(CLayouts c, Class<?> owner, String prefix, String... patterns) throws Exception {
        for (String pattern : patterns) {
            int before = c.expected().size();
            for (Field field : owner.getDeclaredFields()) {
                if (field.getType() == int.class
                        && Modifier.isStatic(field.getModifiers())
                        && field.getName().matches(pattern)) {
                    field.setAccessible(true);
                    c.expect(prefix + field.getName(), field.getInt(null));
                }
            }
            assertThat(c.expected().size()).as("%s in %s", pattern, owner).isGreaterThanOrEqualTo(before);
        }
    }

    @Test
    void terminalModes() throws Exception {
        CLayouts c = new CLayouts()
                .include("asm/termbits.h")
                .include("asm/ioctls.h")
                .size("struct termios", ProcessLayout.TERMIOS_SIZE)
                .offset("struct termios", "c_iflag", ProcessLayout.C_IFLAG)
                .offset("struct termios", "c_oflag", ProcessLayout.C_OFLAG)
                .offset("struct termios", "c_cflag", ProcessLayout.C_CFLAG)
                .offset("struct termios", "c_lflag", ProcessLayout.C_LFLAG)
                .offset("struct termios", "c_cc", ProcessLayout.C_CC)
                .expect("IGNBRK|BRKINT|PARMRK|ISTRIP|INLCR|IGNCR|ICRNL|IXON", Terminal.RAW_INPUT_OFF)
                .expect("OPOST", Terminal.RAW_OUTPUT_OFF)
                .expect("ECHO|ECHONL|ICANON|ISIG|IEXTEN", Terminal.RAW_LOCAL_OFF)
                .expect("CSIZE|PARENB", Terminal.RAW_CONTROL_OFF)
                .expect("CS8", Terminal.RAW_CONTROL_ON);
        constants(c, Terminal.class, "", "TC.*", "TIOC.*", "VTIME", "VMIN");
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    @Test
    void namesAttributesAndHandles() throws Exception {
        CLayouts c = new CLayouts()
                .include("fcntl.h")
                .include("sched.h")
                .include("linux/capability.h")
                .include("sys/file.h")
                .include("sys/stat.h")
                .include("sys/vfs.h");
        constants(c, PathCalls.class, "", "AT_.*");
        constants(c, AttributeCalls.class, "", "AT_.*");
        constants(c, HandleCalls.class, "", "AT_.*", "O_CLOEXEC");
        constants(c, SelfFd.class, "", "AT_.*", "O_CLOEXEC");
        constants(c, OpenHow.class, "", "O_CLOEXEC");
        constants(c, RangeCalls.class, "", "LOCK_.*", "F_OFD_.*");
        constants(c, Statx.class, "", "STATX_.*", "S_IF.*");
        constants(c, TimePair.class, "", "UTIME_.*");
        constants(c, Credentials.class, "", "CLONE_FS");
        constants(c, Credentials.class, "_", "LINUX_CAPABILITY_VERSION_3");
        for (Capability capability : Capability.values()) {
            c.expect("CAP_" + capability, capability.number());
        }
        for (StatFsField field : StatFsField.values()) {
            c.offset("struct statfs", "f_" + field.name().toLowerCase(java.util.Locale.ROOT), field.at());
        }
        c.size("struct statfs", AttributeCalls.STATFS)
                .size("struct flock", RangeCalls.FLOCK)
                .expect("sizeof(struct file_handle) + MAX_HANDLE_SZ", HandleCalls.MAX)
                .offset("struct file_handle", "handle_type", 4)
                .size("struct __user_cap_header_struct", 8)
                .size("struct __user_cap_data_struct", 12);
        for (Field field : FileLayout.class.getDeclaredFields()) {
            if (field.getName().matches("STX_(?!DIO_|NSEC).*")) {
                c.offset("struct statx", field.getName().toLowerCase(java.util.Locale.ROOT), field.getLong(null));
            }
        }
        c.offset("struct statx_timestamp", "tv_nsec", FileLayout.STX_NSEC);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    @Test
    void taps() throws Exception {
        CLayouts c = new CLayouts()
                .include("net/if.h")
                .include("sys/ioctl.h")
                .include("linux/if_tun.h")
                .include("linux/sockios.h")
                .size("struct ifreq", TapLayout.IFREQ_SIZE)
                .offset("struct ifreq", "ifr_name", TapLayout.IFR_NAME)
                .offset("struct ifreq", "ifr_flags", TapLayout.IFR_FLAGS)
                .offset("struct ifreq", "ifr_mtu", TapLayout.IFR_MTU)
                .offset("struct ifreq", "ifr_ifindex", TapLayout.IFR_IFINDEX)
                .offset("struct ifreq", "ifr_addr", TapLayout.IFR_ADDR)
                .offset("struct sockaddr", "sa_data", TapLayout.SA_DATA);
        for (Field field : TapLayout.class.getDeclaredFields()) {
            if (field.getName().matches("(IFF|TUN|SIOC|IFNAMSIZ).*")) {
                field.setAccessible(true);
                c.expect(field.getName(), ((Number) field.get(null)).longValue());
            }
        }
        for (TapOffload offload : TapOffload.values()) {
            if (!offload.name().startsWith("USO")) { // younger than the headers of Debian 12
                c.expect("TUN_F_" + offload, offload.bits());
            }
        }
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    @Test
    void structures() throws Exception {
        CLayouts c = new CLayouts()
                .include("fcntl.h")
                .include("poll.h")
                .include("signal.h")
                .include("spawn.h")
                .include("sys/epoll.h")
                .include("sys/ioctl.h")
                .include("sys/resource.h")
                .include("sys/socket.h")
                .include("sys/stat.h")
                .include("sys/sysinfo.h")
                .include("sys/timerfd.h")
                .include("sys/uio.h")
                .include("sys/un.h")
                .include("linux/openat2.h");
        sockets(c);
        files(c);
        processes(c);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    private static void sockets(CLayouts c) {
        c.size("struct msghdr", SocketLayout.MSGHDR_SIZE)
                .offset("struct msghdr", "msg_name", SocketLayout.MSG_NAME)
                .offset("struct msghdr", "msg_namelen", SocketLayout.MSG_NAMELEN)
                .offset("struct msghdr", "msg_iov", SocketLayout.MSG_IOV)
                .offset("struct msghdr", "msg_iovlen", SocketLayout.MSG_IOVLEN)
                .offset("struct msghdr", "msg_control", SocketLayout.MSG_CONTROL)
                .offset("struct msghdr", "msg_controllen", SocketLayout.MSG_CONTROLLEN)
                .offset("struct msghdr", "msg_flags", SocketLayout.MSG_FLAGS)
                .size("struct iovec", SocketLayout.IOVEC_SIZE)
                .offset("struct iovec", "iov_base", SocketLayout.IOV_BASE)
                .offset("struct iovec", "iov_len", SocketLayout.IOV_LEN)
                .size("struct cmsghdr", SocketLayout.CMSGHDR_SIZE)
                .offset("struct cmsghdr", "cmsg_len", SocketLayout.CMSG_LEN)
                .offset("struct cmsghdr", "cmsg_level", SocketLayout.CMSG_LEVEL)
                .offset("struct cmsghdr", "cmsg_type", SocketLayout.CMSG_TYPE)
                .expect("CMSG_SPACE(253 * sizeof(int))", SocketMessage.space(253))
                .expect("CMSG_SPACE(sizeof(int))", SocketMessage.space(1))
                .size("struct sockaddr_un", SocketLayout.SOCKADDR_UN_SIZE)
                .offset("struct sockaddr_un", "sun_family", SocketLayout.SUN_FAMILY)
                .offset("struct sockaddr_un", "sun_path", SocketLayout.SUN_PATH)
                .size("struct ucred", SocketLayout.UCRED_SIZE)
                .offset("struct ucred", "pid", SocketLayout.UCRED_PID)
                .offset("struct ucred", "uid", SocketLayout.UCRED_UID)
                .offset("struct ucred", "gid", SocketLayout.UCRED_GID)
                .size("struct pollfd", SocketLayout.POLLFD_SIZE)
                .offset("struct pollfd", "fd", SocketLayout.POLLFD_FD)
                .offset("struct pollfd", "events", SocketLayout.POLLFD_EVENTS)
                .offset("struct pollfd", "revents", SocketLayout.POLLFD_REVENTS)
                .size("struct timeval", SocketLayout.TIMEVAL_SIZE)
                .offset("struct timeval", "tv_sec", SocketLayout.TV_SEC)
                .offset("struct timeval", "tv_usec", SocketLayout.TV_USEC)
                .size("struct epoll_event", Epoll.EVENT_SIZE)
                .offset("struct epoll_event", "data", Epoll.EVENT_DATA);
    }

    private static void files(CLayouts c) {
        c.size("struct stat", StatLayout.SIZE)
                .offset("struct stat", "st_dev", StatLayout.DEV)
                .offset("struct stat", "st_ino", StatLayout.INO)
                .offset("struct stat", "st_nlink", StatLayout.NLINK)
                .offset("struct stat", "st_mode", StatLayout.MODE)
                .offset("struct stat", "st_uid", StatLayout.UID)
                .offset("struct stat", "st_gid", StatLayout.GID)
                .offset("struct stat", "st_blksize", StatLayout.BLKSIZE)
                .offset("struct stat", "st_blocks", StatLayout.BLOCKS)
                .offset("struct stat", "st_atim", StatLayout.ATIME)
                .offset("struct stat", "st_mtim", StatLayout.MTIME)
                .offset("struct stat", "st_ctim", StatLayout.CTIME)
                .offset("struct stat", "st_rdev", StatLayout.RDEV)
                .offset("struct stat", "st_size", StatLayout.FILE_SIZE)
                .size("struct flock", FileLayout.FLOCK_SIZE)
                .offset("struct flock", "l_type", FileLayout.L_TYPE)
                .offset("struct flock", "l_start", FileLayout.L_START)
                .offset("struct flock", "l_len", FileLayout.L_LEN)
                .size("struct open_how", FileLayout.OPEN_HOW_SIZE)
                .offset("struct open_how", "flags", FileLayout.HOW_FLAGS)
                .offset("struct open_how", "mode", FileLayout.HOW_MODE)
                .offset("struct open_how", "resolve", FileLayout.HOW_RESOLVE)
                .size("struct statx", FileLayout.STATX_SIZE)
                .offset("struct statx", "stx_mask", FileLayout.STX_MASK)
                .size("struct itimerspec", FileLayout.ITIMERSPEC_SIZE)
                .offset("struct itimerspec", "it_interval", FileLayout.IT_INTERVAL)
                .offset("struct itimerspec", "it_value", FileLayout.IT_VALUE);
    }

    private static void processes(CLayouts c) {
        c.size("siginfo_t", ProcessLayout.SIGINFO_SIZE)
                .offset("siginfo_t", "si_code", ProcessLayout.SI_CODE)
                .offset("siginfo_t", "si_pid", ProcessLayout.SI_PID)
                .offset("siginfo_t", "si_status", ProcessLayout.SI_STATUS)
                .size("struct rlimit", ProcessLayout.RLIMIT_SIZE)
                .offset("struct rlimit", "rlim_cur", ProcessLayout.RLIM_CUR)
                .offset("struct rlimit", "rlim_max", ProcessLayout.RLIM_MAX)
                .size("struct sysinfo", ProcessLayout.SYSINFO_SIZE)
                .offset("struct sysinfo", "totalram", ProcessLayout.TOTALRAM)
                .offset("struct sysinfo", "mem_unit", ProcessLayout.MEM_UNIT)
                .size("struct winsize", ProcessLayout.WINSIZE_SIZE)
                .offset("struct winsize", "ws_row", ProcessLayout.WS_ROW)
                .offset("struct winsize", "ws_col", ProcessLayout.WS_COL)
                .size("struct timespec", ProcessLayout.TIMESPEC_SIZE)
                .offset("struct timespec", "tv_sec", ProcessLayout.TIMESPEC_SEC)
                .offset("struct timespec", "tv_nsec", ProcessLayout.TIMESPEC_NSEC)
                .size("posix_spawn_file_actions_t", PosixSpawn.FILE_ACTIONS_SIZE)
                .size("posix_spawnattr_t", PosixSpawn.ATTRIBUTES_SIZE)
                .size("sigset_t", PosixSpawn.SIGSET_SIZE);
    }

    /** As far as the header knows them: it may be older than the kernel. */
    @Test
    void confinement() throws Exception {
        CLayouts c = new CLayouts()
                .include("sched.h")
                .include("linux/landlock.h")
                .include("linux/filter.h")
                .include("linux/seccomp.h")
                .size("struct sock_filter", Confinement.SOCK_FILTER_SIZE)
                .size("struct sock_fprog", Confinement.SOCK_FPROG_SIZE)
                .offset("struct sock_fprog", "filter", Confinement.SOCK_FPROG_FILTER)
                .size("struct landlock_path_beneath_attr", Confinement.PATH_BENEATH_SIZE)
                .offset("struct landlock_path_beneath_attr", "parent_fd", Confinement.PARENT_FD)
                .expect("SECCOMP_SET_MODE_FILTER", PreparedSpawn.SECCOMP_SET_MODE_FILTER)
                .expect("SECCOMP_FILTER_FLAG_TSYNC", Confinement.SECCOMP_FILTER_FLAG_TSYNC)
                .expect("CLONE_NEWNET", Namespace.NETWORK.flag())
                .expect("CLONE_NEWIPC", Namespace.IPC.flag())
                .expect("LANDLOCK_CREATE_RULESET_VERSION", Confinement.LANDLOCK_CREATE_RULESET_VERSION)
                .expect("LANDLOCK_RULE_PATH_BENEATH", Confinement.LANDLOCK_RULE_PATH_BENEATH);
        for (FileRight right : FileRight.values()) {
            if (right.abi() <= 2) {
                c.expect("LANDLOCK_ACCESS_FS_" + right, right.bits());
            }
        }
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    /** The C library of Debian 12 lacks these fields, the kernel's header has them. */
    @Test
    void alignmentFieldsOfStatx() throws Exception {
        CLayouts c = new CLayouts()
                .include("linux/stat.h")
                .size("struct statx", FileLayout.STATX_SIZE)
                .offset("struct statx", "stx_mnt_id", FileLayout.STX_MNT_ID)
                .offset("struct statx", "stx_dio_mem_align", FileLayout.STX_DIO_MEM_ALIGN)
                .offset("struct statx", "stx_dio_offset_align", FileLayout.STX_DIO_OFFSET_ALIGN);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }
}
