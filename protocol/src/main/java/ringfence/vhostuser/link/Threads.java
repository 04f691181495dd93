package ringfence.vhostuser.link;

/** Ends of threads. */
public final class Threads {
    private Threads() {}

    /** Waits until a thread has ended, whatever happens: what it uses is freed next. An interrupt is kept for later. */
    public static void awaitEnd(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
