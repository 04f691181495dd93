package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * A terminal, whose mode can be made raw and is given back by {@link #restore}. Any thread may restore, more than
 * once, for instance a shutdown hook. After SIGKILL or an abort of the JVM nobody does: {@code stty sane} helps.
 *
 * <p>It does not own the descriptor.
 */
public final class Terminal {
    private static final int TCGETS = 0x5401;
    private static final int TCSETSW = 0x5403;
    private static final int TIOCGWINSZ = 0x5413;

    /** IGNBRK, BRKINT, PARMRK, ISTRIP, INLCR, IGNCR, ICRNL, IXON: input is passed on as it comes. */
    static final int RAW_INPUT_OFF = 1 | 2 | 8 | 0x20 | 0x40 | 0x80 | 0x100 | 0x400;
    /** OPOST: output too. */
    static final int RAW_OUTPUT_OFF = 1;
    /** ISIG, ICANON, ECHO, ECHONL, IEXTEN: no line editing, no echo, Ctrl-C is a character. */
    static final int RAW_LOCAL_OFF = 1 | 2 | 8 | 0x40 | 0x8000;
    /** CSIZE, PARENB. */
    static final int RAW_CONTROL_OFF = 0x30 | 0x100;
    /** CS8. */
    static final int RAW_CONTROL_ON = 0x30;

    private static final int VTIME = 5;
    private static final int VMIN = 6;

    private final Kernel kernel;
    private final Fd fd;
    private final MemorySegment saved;

    private Terminal(Kernel kernel, Fd fd, MemorySegment saved) {
        this.kernel = kernel;
        this.fd = fd;
        this.saved = saved;
    }

    /** The terminal behind a descriptor, with its present mode; empty if it is none. */
    public static Optional<Terminal> of(Linux linux, Fd fd) {
        MemorySegment mode = Arena.ofAuto().allocate(ProcessLayout.TERMIOS_SIZE, 4);
        long result =
                Call.keeping(mode, linux.kernel().call(Syscall.IOCTL, fd.number(), TCGETS, mode.address(), 0, 0, 0));
        return result < 0 ? Optional.empty() : Optional.of(new Terminal(linux.kernel(), fd, mode));
    }

    /** Makes it raw, as cfmakeraw(3) does. */
    public void raw() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment mode = arena.allocate(ProcessLayout.TERMIOS_SIZE, 4).copyFrom(saved);
            change(mode, ProcessLayout.C_IFLAG, RAW_INPUT_OFF, 0);
            change(mode, ProcessLayout.C_OFLAG, RAW_OUTPUT_OFF, 0);
            change(mode, ProcessLayout.C_CFLAG, RAW_CONTROL_OFF, RAW_CONTROL_ON);
            change(mode, ProcessLayout.C_LFLAG, RAW_LOCAL_OFF, 0);
            mode.set(ValueLayout.JAVA_BYTE, ProcessLayout.C_CC + VMIN, (byte) 1);
            mode.set(ValueLayout.JAVA_BYTE, ProcessLayout.C_CC + VTIME, (byte) 0);
            Call.check(set(mode), Syscall.IOCTL, "TCSETSW of " + fd);
        }
    }

    /** Gives it the mode that it had when this object was made. It never fails: the terminal may be gone. */
    public void restore() {
        if (fd.isOpen()) {
            set(saved);
        }
    }

    private long set(MemorySegment mode) {
        return Call.keeping(mode, kernel.call(Syscall.IOCTL, fd.number(), TCSETSW, mode.address(), 0, 0, 0));
    }

    private static void change(MemorySegment mode, long field, int off, int on) {
        mode.set(ValueLayout.JAVA_INT, field, mode.get(ValueLayout.JAVA_INT, field) & ~off | on);
    }

    /**
     * Its size in characters; 0 by 0 where it does not say.
     *
     * @param columns characters in a row
     * @param rows rows
     */
    public record Size(int columns, int rows) {}

    /** Its size now. */
    public Size size() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(ProcessLayout.WINSIZE_SIZE, 2);
            long result = kernel.call(Syscall.IOCTL, fd.number(), TIOCGWINSZ, size.address(), 0, 0, 0);
            return result < 0
                    ? new Size(0, 0)
                    : new Size(
                            Short.toUnsignedInt(size.get(ValueLayout.JAVA_SHORT, ProcessLayout.WS_COL)),
                            Short.toUnsignedInt(size.get(ValueLayout.JAVA_SHORT, ProcessLayout.WS_ROW)));
        }
    }
}
