package ringfence.vmm.transport;

import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.bus.Deferred;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.device.VirtioDevice;

/**
 * Makes the guest wait for a device that is not ready, once and not for ever: the deadline begins with the first access
 * that finds it so, and when it has passed, later accesses are answered at once with 0, until the device is ready.
 * Any thread.
 */
final class Readiness {
    private final VirtioDevice device;
    private final Deadlines deadlines;
    private final Consumer<String> onLate;
    private final CompletableFuture<Void> ready = new CompletableFuture<>();
    private boolean waiting;
    private boolean late;
    private long start;
    private long limit;

    /**
     * For this device.
     *
     * @param onLate told why once the deadline has passed
     */
    Readiness(VirtioDevice device, Deadlines deadlines, Consumer<String> onLate) {
        this.device = device;
        this.deadlines = deadlines;
        this.onLate = onLate;
        device.onReady(() -> ready.complete(null));
    }

    /** Reads something that only a ready device knows. */
    Access read(LongSupplier value, ReadValue into) {
        if (device.isReady()) {
            return into.done(value.getAsLong());
        }
        long left = left();
        return left <= 0
                ? into.done(0)
                : new Deferred(ready.thenApply(nothing -> value.getAsLong()), left, 0, this::late);
    }

    private synchronized long left() {
        if (!waiting) {
            waiting = true;
            start = System.nanoTime();
            limit = deadlines.nanos();
        }
        return limit - (System.nanoTime() - start);
    }

    private void late() {
        synchronized (this) {
            if (late) {
                return;
            }
            late = true;
        }
        onLate.accept("device " + device.id() + " is not there");
    }

    /** The guest has reset the device: it may wait anew. */
    synchronized void restart() {
        waiting = false;
        late = false;
    }
}
