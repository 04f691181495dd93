package ringfence.vmm.transport;

import java.util.BitSet;
import java.util.List;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.device.QueueEvents;
import ringfence.vmm.pci.Bar;

/**
 * The notification registers: one per queue, four bytes apart. While a queue runs, a write reaches its kick event through
 * the machine's {@link Doorbells} and no exit happens; they follow the BAR when it moves. A write that does exit (another
 * width, a queue that does not run yet, the window in configuration space) signals the event here.
 */
final class Bells implements BusDevice, Bar.Listener {
    private static final long NOWHERE = -1;
    private static final int WIDTH = 2; // the queue's index, without VIRTIO_F_NOTIFICATION_DATA

    private final Doorbells doorbells;
    private final List<QueueEvents> queues;
    private final BitSet running = new BitSet();
    private long bar = NOWHERE;

    Bells(List<QueueEvents> queues, Doorbells doorbells) {
        this.queues = queues;
        this.doorbells = doorbells;
    }

    /** The queue runs from now on. */
    synchronized void start(int queue) {
        if (!running.get(queue)) {
            running.set(queue);
            if (bar != NOWHERE) {
                doorbells.assign(queues.get(queue).kick(), address(queue), WIDTH);
            }
        }
    }

    /** No queue runs any more. */
    synchronized void stopAll() {
        long at = bar;
        if (at != NOWHERE) {
            unmapped(at);
        }
        bar = at;
        running.clear();
    }

    @Override
    public synchronized void mapped(long address) {
        bar = address;
        running.stream().forEach(queue -> doorbells.assign(queues.get(queue).kick(), address(queue), WIDTH));
    }

    @Override
    public synchronized void unmapped(long address) {
        running.stream().forEach(queue -> doorbells.deassign(queues.get(queue).kick(), address(queue), WIDTH));
        bar = NOWHERE;
    }

    private long address(int queue) {
        return bar + Layout.NOTIFY + (long) Layout.NOTIFY_MULTIPLIER * queue;
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        return into.done(0);
    }

    @Override
    public Access write(long offset, int width, long value) {
        int queue = (int) offset / Layout.NOTIFY_MULTIPLIER;
        if (queue < queues.size()) {
            queues.get(queue).kick().signal();
        }
        return Done.DONE;
    }
}
