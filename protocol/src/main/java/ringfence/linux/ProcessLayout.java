package ringfence.linux;

/**
 * The structures of processes, signals and terminals; the kernel's where the C library has its own.
 *
 * <pre>{@code
 * siginfo_t { int si_signo, si_errno, si_code; pid_t si_pid; uid_t si_uid; int si_status; ... };
 * struct rlimit { rlim_t rlim_cur, rlim_max; };
 * struct sysinfo { long uptime; unsigned long loads[3], totalram, freeram, ...; unsigned int mem_unit; };
 * struct termios (asm/termbits.h) { tcflag_t c_iflag, c_oflag, c_cflag, c_lflag; cc_t c_line, c_cc[19]; };
 * struct winsize { unsigned short ws_row, ws_col, ws_xpixel, ws_ypixel; };
 * struct timespec { time_t tv_sec; long tv_nsec; };
 * struct kernel_sigaction { void *handler; unsigned long flags; void *restorer; unsigned long mask; };
 * }</pre>
 */
final class ProcessLayout {
    static final long SIGINFO_SIZE = 128;
    static final long SI_CODE = 8;
    static final long SI_PID = 16;
    static final long SI_STATUS = 24;

    static final long RLIMIT_SIZE = 16;
    static final long RLIM_CUR = 0;
    static final long RLIM_MAX = 8;

    static final long SYSINFO_SIZE = 112;
    static final long TOTALRAM = 32;
    static final long MEM_UNIT = 104;

    static final long TERMIOS_SIZE = 36;
    static final long C_IFLAG = 0;
    static final long C_OFLAG = 4;
    static final long C_CFLAG = 8;
    static final long C_LFLAG = 12;
    static final long C_CC = 17;

    static final long WINSIZE_SIZE = 8;
    static final long WS_ROW = 0;
    static final long WS_COL = 2;

    static final long TIMESPEC_SIZE = 16;
    static final long TIMESPEC_SEC = 0;
    static final long TIMESPEC_NSEC = 8;

    /** Of the kernel's own sigaction, which no C header shows. */
    static final long KERNEL_SIGACTION_SIZE = 32;

    /** The kernel's {@code sigset_t}: one bit per signal, 1 to 64. */
    static final long KERNEL_SIGSET_SIZE = 8;

    private ProcessLayout() {}

    /** The kernel's set of one signal. */
    static long sigset(int signal) {
        if (signal < 1 || signal > 64) {
            throw new IllegalArgumentException("signal " + signal + ", 1 to 64");
        }
        return 1L << signal - 1;
    }
}
