package ringfence.vmm.cpu;

import java.util.function.Consumer;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.Bus;
import ringfence.vmm.bus.BusTable;
import ringfence.vmm.bus.Deferred;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.kvm.KvmRun;

/**
 * Answers port and memory accesses through the bus tables. Belongs to the vCPU's thread; {@link #answerNow} is for
 * others. Allocates nothing.
 */
final class Accesses {
    private final KvmRun run;
    private final BusTable buses;
    private final Consumer<VcpuState> state;
    private final ReadValue value = new ReadValue();
    private volatile Deferred open;

    Accesses(KvmRun run, BusTable buses, Consumer<VcpuState> state) {
        this.run = run;
        this.buses = buses;
        this.state = state;
    }

    /** KVM_EXIT_IO. @return true: go on */
    boolean port() {
        Bus bus = buses.pio();
        long io = run.io();
        int port = KvmRun.port(io);
        int size = KvmRun.size(io);
        int count = KvmRun.count(io);
        int at = run.ioData();
        for (int i = 0; i < count; i++) {
            if (KvmRun.isWrite(io)) {
                finish(bus.write(port, size, run.value(at, size)));
            } else {
                run.value(at, size, read(bus, port, size));
            }
            at += size;
        }
        return true;
    }

    /** KVM_EXIT_MMIO. @return true: go on */
    boolean memory() {
        Bus bus = buses.mmio();
        long address = run.mmioAddress();
        int length = run.mmioLength();
        boolean write = run.mmioIsWrite();
        for (int at = 0; at < length; ) {
            // a device sees 1, 2, 4 or 8 bytes; KVM may give others, for an access that crosses a page
            int width = Integer.highestOneBit(length - at);
            if (write) {
                finish(bus.write(address + at, width, run.value(KvmRun.mmioData() + at, width)));
            } else {
                run.value(KvmRun.mmioData() + at, width, read(bus, address + at, width));
            }
            at += width;
        }
        return true;
    }

    private long read(Bus bus, long address, int width) {
        Access access = bus.read(address, width, value);
        return access instanceof Deferred deferred ? await(deferred) : value.value();
    }

    private void finish(Access access) {
        if (access instanceof Deferred deferred) {
            await(deferred);
        }
    }

    private long await(Deferred deferred) {
        open = deferred;
        state.accept(VcpuState.DEFERRED);
        long answer = deferred.await();
        state.accept(VcpuState.RUNNING);
        open = null;
        return answer;
    }

    /** Ends a wait with its fallback. Any thread. */
    void answerNow() {
        Deferred waiting = open;
        if (waiting != null) {
            waiting.answerNow();
        }
    }
}
