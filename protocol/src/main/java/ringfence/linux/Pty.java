package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A new pseudo-terminal, raw. What is written to the controlling side is read by whoever opens {@link #path}, and the other
 * way round. Owns both sides: since its own terminal is open, others may come and go there, and what nobody has read waits,
 * as far as there is room.
 */
public final class Pty implements AutoCloseable {
    private static final int TIOCGPTN = 0x80045430;
    private static final int TIOCSPTLCK = 0x40045431;

    private final Fd controller;
    private final Fd terminal;
    private final String path;

    private Pty(Fd controller, Fd terminal, String path) {
        this.controller = controller;
        this.terminal = terminal;
        this.path = path;
    }

    /** Makes one. @throws ErrnoException ENOSPC: there are too many; ENOENT: no /dev/ptmx or /dev/pts here */
    public static Pty open(Linux linux) {
        Fd controller = linux.files().open("/dev/ptmx", OpenFlag.RDWR, OpenFlag.NOCTTY, OpenFlag.NONBLOCK);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment number = arena.allocate(ValueLayout.JAVA_INT); // 0: unlocks it
            linux.ioctl(controller, TIOCSPTLCK, number, "TIOCSPTLCK");
            linux.ioctl(controller, TIOCGPTN, number, "TIOCGPTN");
            String path = "/dev/pts/" + number.get(ValueLayout.JAVA_INT, 0);
            return new Pty(controller, terminal(linux, path), path);
        } catch (RuntimeException e) {
            controller.close();
            throw e;
        }
    }

    private static Fd terminal(Linux linux, String path) {
        Fd terminal = linux.files().open(path, OpenFlag.RDWR, OpenFlag.NOCTTY);
        try {
            Terminal.of(linux, terminal).ifPresent(Terminal::raw);
            return terminal;
        } catch (RuntimeException e) {
            terminal.close();
            throw e;
        }
    }

    /** The controlling side, non-blocking. */
    public Fd controller() {
        return controller;
    }

    /** What others open. */
    public String path() {
        return path;
    }

    @Override
    public void close() {
        terminal.close();
        controller.close();
    }
}
