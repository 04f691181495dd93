package ringfence.vmm.device.local;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import ringfence.linux.Epoll;
import ringfence.linux.Linux;
import ringfence.linux.Timer;
import ringfence.memory.MemoryTable;
import ringfence.virtio.DeviceType;
import ringfence.virtio.queue.ChainCursor;

/**
 * A watchdog as Cloud Hypervisor has it: the driver gives a writable buffer every 15 s, which comes back with a 1. From the
 * first one on, whoever has made the device is told when none has come for {@link #PATIENCE}. The driver's reset of the
 * device ends that, and a VM that stands still is not waited for.
 */
public final class Watchdog extends LocalDevice {
    /** How long nothing may come, in nanoseconds. */
    public static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

    private static final int QUEUE = 0;
    private static final int QUEUE_SIZE = 8;
    private static final long TIMER = 1;

    private final long patience;
    private final Runnable onSilence;
    private final Timer timer;
    private final MemorySegment alive = Arena.ofAuto().allocateFrom(ValueLayout.JAVA_BYTE, (byte) 1);

    // the device's thread's
    private boolean watches;
    private boolean standsStill;

    /** One whose guest may be silent for {@code patience} nanoseconds. @param onSilence told on the device's thread, once */
    public Watchdog(Linux linux, String id, MemoryTable memory, long patience, Runnable onSilence) {
        super(linux, id, DeviceType.WATCHDOG, 1, QUEUE_SIZE, memory);
        this.patience = patience;
        this.onSilence = onSilence;
        timer = new Timer(linux);
        epoll().add(timer.fd(), Epoll.IN, TIMER);
    }

    @Override
    long deviceFeatures() {
        return 0;
    }

    @Override
    boolean canServe(int queue) {
        return queue == QUEUE;
    }

    @Override
    int serve(int queue, ChainCursor chain) {
        watches = true;
        arm();
        return (int) chain.copyOut(0, alive, 0, Math.min(1, chain.writableBytes()));
    }

    private void arm() {
        if (watches && !standsStill) {
            timer.arm(patience);
        } else {
            timer.disarm();
        }
    }

    @Override
    void ready(long token, int events) {
        watches = false;
        arm();
        onSilence.run();
    }

    @Override
    void forget() {
        watches = false;
        arm();
    }

    /** The VM stands still from now on, or goes on: then the guest has all its time again. Any thread. */
    public void standStill(boolean still) {
        post(() -> {
            standsStill = still;
            arm();
        });
    }

    @Override
    public void close() {
        super.close();
        timer.close();
    }
}
