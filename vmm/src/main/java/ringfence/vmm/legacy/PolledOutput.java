package ringfence.vmm.legacy;

import java.util.function.IntConsumer;

/**
 * Notices a driver that polls the transmitter, as a kernel's console does, and has the hypervisor keep what it writes:
 * such a driver looks at the line status before each byte, and that look is exit enough. Guarded by the port's monitor.
 */
final class PolledOutput {
    /** Bytes after which two system calls are worth their while. */
    private static final int WORTH = 32;

    private final KeptWrites writes;
    private final IntConsumer sink;
    private int polled;
    private boolean keeping;

    /** Bytes that were kept go to {@code sink}. */
    PolledOutput(KeptWrites writes, IntConsumer sink) {
        this.writes = writes;
        this.sink = sink;
    }

    /** The driver has written a byte by an exit, and wants no interrupt for it. */
    void written() {
        polled++;
        if (polled == WORTH) {
            keeping = writes.keep();
        }
    }

    /** Takes what was kept. @return whether more may come that nobody is told of */
    boolean collect() {
        if (keeping) {
            for (int value = writes.take(); value >= 0; value = writes.take()) {
                sink.accept(value);
            }
        }
        return keeping;
    }

    /** Keeps no more, and takes what was. */
    void stop() {
        polled = 0;
        if (keeping) {
            writes.release();
            collect();
            keeping = false;
        }
    }
}
