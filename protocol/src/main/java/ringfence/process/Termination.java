package ringfence.process;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * The end by SIGTERM, SIGINT or SIGHUP. HotSpot answers those signals by running shutdown hooks; ours asks the program to
 * stop, waits until it has, and ends the process with the program's own code in place of 128 and the signal's number.
 *
 * <p>One per process, made by its main. {@code -Xrs} would disable it.
 */
public final class Termination {
    private final CountDownLatch finished = new CountDownLatch(1);
    private final AtomicBoolean asked = new AtomicBoolean();
    private volatile int code = ExitCode.FAILURE;

    private Termination() {}

    /**
     * Takes over the signals.
     *
     * @param stop asks the program to stop; called once, by the hook's thread; must not wait for the program
     * @param limitMillis how long to wait for the program before the process ends with code 1
     */
    public static Termination onSignal(Runnable stop, long limitMillis) {
        Termination termination = new Termination();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> termination.hook(stop, limitMillis), "termination"));
        return termination;
    }

    private void hook(Runnable stop, long limitMillis) {
        asked.set(true);
        boolean inTime = false;
        try {
            stop.run();
            inTime = finished.await(limitMillis, TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } finally {
            Runtime.getRuntime().halt(inTime ? code : ExitCode.FAILURE);
        }
    }

    /** Whether a signal has come. */
    public boolean isAsked() {
        return asked.get();
    }

    /** The program has stopped and cleaned up: the process ends with this code, by whichever thread is first. */
    public void finish(int exitCode) {
        code = exitCode;
        finished.countDown();
        Program.exit(exitCode);
    }
}
