package ringfence.vmm.legacy;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.IntConsumer;
import java.util.function.LongSupplier;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;

/**
 * Port 0x80: a guest marks the stages of its boot here, and each code's first time is kept. 0x40 is the kernel's start
 * and 0x41 that of user space. Linux also writes to this port to wait a little, thousands of times with the same code:
 * only the first costs more than a look.
 *
 * <p>Any thread.
 */
public final class DebugPort implements BusDevice {
    /** Its port. */
    public static final int PORT = 0x80;
    /** Ports that it takes. */
    public static final int SIZE = 1;
    /** The kernel has started. */
    public static final int KERNEL_START = 0x40;
    /** User space has started. */
    public static final int USER_START = 0x41;

    private static final int CODES = 256;

    private final AtomicLongArray firsts = new AtomicLongArray(CODES); // 0: not seen
    private final LongSupplier clock;
    private final IntConsumer onFirst;

    /**
     * A port.
     *
     * @param clock nanoseconds of a monotonic clock; never 0
     * @param onFirst told each code when it is seen first; never blocks
     */
    public DebugPort(LongSupplier clock, IntConsumer onFirst) {
        this.clock = clock;
        this.onFirst = onFirst;
    }

    /** When the code was first written, by the clock that was given; 0 if never. */
    public long firstSeen(int code) {
        return firsts.get(code);
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        return into.rejected(width);
    }

    @Override
    public Access write(long offset, int width, long value) {
        int code = (int) (value & 0xFF);
        if (firsts.get(code) == 0 && firsts.compareAndSet(code, 0, clock.getAsLong())) {
            onFirst.accept(code);
        }
        return Done.DONE;
    }
}
