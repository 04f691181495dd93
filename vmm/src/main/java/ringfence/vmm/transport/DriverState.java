package ringfence.vmm.transport;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import ringfence.virtio.Feature;
import ringfence.virtio.Status;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.bus.Deferred;
import ringfence.vmm.bus.Done;
import ringfence.vmm.device.VirtioDevice;

/**
 * How far the driver has come, and what follows from it (virtio 1.3, 2.1 and 3.1): negotiation, activation, reset. Its
 * monitor guards the registers of the function; nothing waits while it is held.
 *
 * <pre>
 *   0 ── FEATURES_OK, if what the driver takes is offered and has VERSION_1 ──► negotiated
 *   negotiated ── DRIVER_OK: starts the enabled queues, the vCPU waits ──► live
 *   any ── writes 0: stops all, the vCPU waits ──► resetting ── the device has stopped ──► 0
 *   any ── the device fails, or does not answer in time ──► the same, with DEVICE_NEEDS_RESET
 * </pre>
 *
 * The status reads 0 only when the device touches no memory any more. While it is resetting, writes have no effect.
 */
final class DriverState {
    /** What this transport does not do, though a device may offer it. */
    private static final long NOT_OURS = Feature.RING_PACKED
            | Feature.SR_IOV
            | Feature.NOTIFICATION_DATA
            | Feature.NOTIF_CONFIG_DATA
            | Feature.RING_RESET
            | Feature.VHOST_LOG_ALL
            | Feature.VHOST_USER_PROTOCOL_FEATURES
            | 1L << 41; // VIRTIO_F_ADMIN_VQ

    private static final int SETTABLE =
            Status.ACKNOWLEDGE | Status.DRIVER | Status.FEATURES_OK | Status.DRIVER_OK | Status.FAILED;
    private static final int ISR_CONFIG = 2;

    private final VirtioDevice device;
    private final Deadlines deadlines;
    private final List<QueueRegisters> queues;
    private final Bells bells;
    private final Msix msix;
    private final InterruptSource configInterrupt;
    private final List<Runnable> resetActions = new ArrayList<>();
    private long driverFeatures;
    private int status;
    private int isr;
    private int generation;
    private boolean configChanged;
    private CompletableFuture<Long> resetting; // null: no reset is under way
    private int epoch; // counts resets: what began before one has no say after it
    private String trouble = "";
    private DriverListener listener = DriverListener.NONE;
    private boolean listened;
    private boolean active; // the driver has made the queues run

    DriverState(
            VirtioDevice device,
            Deadlines deadlines,
            List<QueueRegisters> queues,
            Bells bells,
            Msix msix,
            InterruptSource configInterrupt) {
        this.device = device;
        this.deadlines = deadlines;
        this.queues = queues;
        this.bells = bells;
        this.msix = msix;
        this.configInterrupt = configInterrupt;
    }

    /** Names who is told. Before the guest can reach the device. */
    synchronized void listen(DriverListener to) {
        listener = to;
        listened = true;
    }

    /** Adds what is done, under the monitor, when the registers are reset. */
    synchronized void onReset(Runnable action) {
        resetActions.add(action);
    }

    /** What the guest may choose from. */
    long offered() {
        return device.features() & ~NOT_OURS;
    }

    synchronized int status() {
        return status;
    }

    /** Why the device needs a reset; empty if it does not. */
    synchronized String trouble() {
        return trouble;
    }

    synchronized boolean isResetting() {
        return resetting != null;
    }

    /** Whether the driver is ready and its queues run. */
    synchronized boolean isLive() {
        return (status & Status.DRIVER_OK) != 0;
    }

    synchronized int generation() {
        return generation;
    }

    /** The guest reads the device's configuration: if that has changed meanwhile, the generation shows it. */
    synchronized void configRead() {
        if (configChanged) {
            configChanged = false;
            generation = generation + 1 & 0xFF;
        }
    }

    /** The guest reads the interrupt status, which clears it. */
    synchronized int takeIsr() {
        int taken = isr;
        isr = 0;
        return taken;
    }

    synchronized long driverFeatures(int select) {
        return select == 0 || select == 1 ? driverFeatures >>> 32 * select & 0xFFFF_FFFFL : 0;
    }

    /** The driver chooses features; it may until it has set FEATURES_OK. */
    synchronized void driverFeatures(int select, long value) {
        if ((status & Status.FEATURES_OK) == 0 && (select == 0 || select == 1)) {
            int shift = 32 * select;
            driverFeatures = driverFeatures & ~(0xFFFF_FFFFL << shift) | value << shift;
        }
    }

    /** The driver writes the device status: 0 resets; bits are only ever added, as it must not clear one. */
    Access writeStatus(int value) {
        if (value == 0) {
            return deferred(resetByDriver(), "did not stop");
        }
        CompletableFuture<Long> started;
        synchronized (this) {
            if (resetting != null) {
                return Done.DONE;
            }
            int added = value & SETTABLE & ~status;
            if ((added & Status.FEATURES_OK) != 0 && !negotiate()) {
                added &= ~Status.FEATURES_OK;
            }
            boolean ready = (added & Status.DRIVER_OK) != 0;
            if (ready && ((status | added) & Status.FEATURES_OK) == 0) {
                added &= ~Status.DRIVER_OK;
                ready = false;
                fail("driver is ready without having negotiated features", epoch);
            }
            status |= added;
            if (!ready) {
                return Done.DONE;
            }
            started = start();
        }
        return deferred(started, "did not start");
    }

    private boolean negotiate() {
        if ((driverFeatures & ~offered()) != 0 || !Feature.has(driverFeatures, Feature.VERSION_1)) {
            return false;
        }
        device.acknowledge(driverFeatures);
        return true;
    }

    /** Starts what the driver has enabled. */
    private CompletableFuture<Long> start() {
        int now = epoch;
        List<CompletableFuture<?>> stages = new ArrayList<>();
        for (int i = 0; i < queues.size(); i++) {
            QueueRegisters queue = queues.get(i);
            if (queue.isEnabled()) {
                bells.start(i);
                stages.add(device.startQueue(i, queue.config(driverFeatures), QueueState.FRESH, queue.events)
                        .toCompletableFuture());
            }
        }
        return CompletableFuture.allOf(stages.toArray(CompletableFuture[]::new))
                .thenApply(nothing -> 0L)
                .whenComplete((nothing, e) -> {
                    if (e != null) {
                        fail("device " + device.id() + " did not start: " + reason(e), now);
                    } else {
                        activated(now);
                    }
                });
    }

    private void activated(int of) {
        DriverListener told;
        synchronized (this) {
            if (of != epoch) {
                return;
            }
            active = true;
            told = listener;
        }
        told.activated();
    }

    private CompletableFuture<Long> resetByDriver() {
        DriverListener told;
        boolean tell;
        synchronized (this) {
            told = listener;
            tell = active && listened;
            active = false;
        }
        CompletableFuture<Long> done = reset();
        if (!tell) {
            return done;
        }
        return done.thenApply(stopped -> {
            told.reset();
            return stopped;
        });
    }

    /** Stops the device and puts the registers back. Any thread; done once the device touches no memory any more. */
    CompletableFuture<Long> reset() {
        CompletionStage<Void> stopped;
        CompletableFuture<Long> done;
        synchronized (this) {
            if (resetting != null) {
                return resetting;
            }
            epoch++;
            active = false;
            resetting = new CompletableFuture<>();
            done = resetting;
            stopped = device.reset();
        }
        stopped.whenComplete((nothing, e) -> {
            finishReset(e);
            // beyond the monitor: it may run others' code
            if (e == null) {
                done.complete(0L);
            } else {
                done.completeExceptionally(e);
            }
        });
        return done;
    }

    private synchronized void finishReset(Throwable e) {
        resetting = null;
        bells.stopAll();
        for (QueueRegisters queue : queues) {
            msix.map(queue.interrupt, Msix.NO_VECTOR);
            queue.reset();
        }
        msix.map(configInterrupt, Msix.NO_VECTOR);
        if (e != null) {
            // not proven to have stopped: the driver may try again, and sees no 0 before
            status |= Status.DEVICE_NEEDS_RESET;
            trouble = "device " + device.id() + " did not stop: " + reason(e);
            return;
        }
        driverFeatures = 0;
        status = 0;
        isr = 0;
        trouble = "";
        resetActions.forEach(Runnable::run);
    }

    private Access deferred(CompletableFuture<Long> stage, String what) {
        if (stage.isDone()) {
            return Done.DONE;
        }
        long nanos = deadlines.nanos();
        int now;
        synchronized (this) {
            now = epoch;
        }
        return new Deferred(
                stage,
                nanos,
                0,
                () -> fail("device " + device.id() + " " + what + " in " + nanos / 1_000_000 + " ms", now));
    }

    /** The device cannot go on: tells the guest, unless a reset has come between. Any thread. */
    private void fail(String why, int of) {
        synchronized (this) {
            if (of != epoch || (status & Status.DEVICE_NEEDS_RESET) != 0) {
                return;
            }
            status |= Status.DEVICE_NEEDS_RESET;
            trouble = why;
        }
        interrupt();
    }

    /** The device says that it needs a reset. Any thread. */
    void needsReset(String why) {
        int now;
        synchronized (this) {
            now = epoch;
        }
        fail(why, now);
    }

    /** The device's configuration has changed. Any thread. */
    void configChanged() {
        synchronized (this) {
            configChanged = true;
        }
        interrupt();
    }

    /** A configuration interrupt, which a driver gets only when it is ready (virtio 1.3, 3.1.2). */
    private void interrupt() {
        synchronized (this) {
            if (!isLive()) {
                return;
            }
            isr |= ISR_CONFIG;
        }
        configInterrupt.event.signal();
    }

    private static String reason(Throwable e) {
        Throwable cause = e;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause.getMessage() != null ? cause.getMessage() : cause.toString();
    }
}
