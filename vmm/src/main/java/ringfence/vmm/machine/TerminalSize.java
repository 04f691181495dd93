package ringfence.vmm.machine;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import ringfence.linux.Terminal;
import ringfence.vhostuser.link.Threads;

/**
 * Looks whether a terminal has another size than before, four times a second: its user has made the window larger. (The
 * signal that tells of it, SIGWINCH, tells of the controlling terminal alone, and no library here hears of it.) Ended by
 * {@link #close}; the thread is its own.
 */
final class TerminalSize implements AutoCloseable {
    private static final long BETWEEN = TimeUnit.MILLISECONDS.toNanos(250);

    private final Terminal terminal;
    private final BiConsumer<Integer, Integer> changed;
    private final Thread thread;
    private Terminal.Size known; // the thread's
    private volatile boolean closing;

    /**
     * Begins to look.
     *
     * @param known how large it is known to be
     * @param changed told columns and rows, on the thread; a terminal that does not say is not told of
     */
    TerminalSize(Terminal terminal, Terminal.Size known, BiConsumer<Integer, Integer> changed) {
        this.terminal = terminal;
        this.known = known;
        this.changed = changed;
        thread = Thread.ofPlatform().name("terminal-size").daemon().start(this::run);
    }

    private void run() {
        while (!closing) {
            Terminal.Size now = terminal.size();
            if (!now.equals(known) && now.columns() > 0 && now.rows() > 0) {
                known = now;
                changed.accept(now.columns(), now.rows());
            }
            LockSupport.parkNanos(this, BETWEEN);
        }
    }

    /** Nobody is told any more when this returns. */
    @Override
    public void close() {
        closing = true;
        LockSupport.unpark(thread);
        Threads.awaitEnd(thread);
    }
}
