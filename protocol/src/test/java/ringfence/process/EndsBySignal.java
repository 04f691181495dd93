package ringfence.process;

import java.util.concurrent.CountDownLatch;

/** A program that waits to be stopped by a signal, cleans up, and ends with a code of its own. */
public final class EndsBySignal {
    private EndsBySignal() {}

    /** Runs it. */
    public static void main(String[] arguments) throws Exception {
        CountDownLatch stop = new CountDownLatch(1);
        Termination termination = Termination.onSignal(
                () -> {
                    System.out.println("asked");
                    stop.countDown();
                },
                10_000);
        System.out.println("ready");
        stop.await();
        System.out.println("cleaned up");
        termination.finish(42);
    }
}
