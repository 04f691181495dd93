package ringfence.vmm.transport;

import com.code_intelligence.jazzer.junit.FuzzTest;
import org.junit.jupiter.api.extension.RegisterExtension;
import ringfence.fuzz.Executions;
import ringfence.virtio.queue.QueueConfig;
import ringfence.vmm.bus.Deadlines;

/**
 * Fuzz target: any accesses to a virtio function's configuration space and registers, in any order. No access throws,
 * none reads a bit above its width; a device only ever gets features that it has, and queues that a device could serve;
 * and after a reset, which always works, it is as new. Nine bytes of an input are an access: where and how (two), and the
 * value.
 */
class VirtioPciFuzzTest {
    @RegisterExtension
    private static final Executions EXECUTIONS = new Executions();

    private static final int QUEUES = 3;
    private static final int MOST = 60;
    private static final int ACCESS = 8;
    private static final int STATUS = 20;
    private static final int SELECT = 22;
    private static final int ENABLE = 28;

    private static final TestMachine MACHINE = new TestMachine(new Deadlines(), (address, data) -> {});
    private static final FakeDevice DEVICE = new FakeDevice(QUEUES);
    private static final long OFFERED = DEVICE.features;
    private static final TestDriver DRIVER = driver();

    private static TestDriver driver() {
        MACHINE.add(DEVICE);
        return new TestDriver(MACHINE, 1);
    }

    @FuzzTest(maxExecutions = 1_000_000, maxDuration = "")
    void anyAccesses(byte[] data) {
        EXECUTIONS.run(data, this::accesses);
    }

    private void accesses(byte[] data) {
        DEVICE.calls.clear();
        DEVICE.started.clear();
        for (int at = 0; at + ACCESS < data.length && at < MOST * (ACCESS + 1); at += ACCESS + 1) {
            access(data[at] & 0xff, data[at + 1] & 0xff, little(data, at + 2, ACCESS - 1));
        }
        for (String call : DEVICE.calls) {
            if (call.startsWith("acknowledge ")) {
                long taken = Long.parseUnsignedLong(call.substring(12), 16);
                same((taken & ~OFFERED) == 0, call);
            }
        }
        for (QueueConfig queue : DEVICE.started) {
            same(queue.size() > 0 && queue.size() <= 256 && Integer.bitCount(queue.size()) == 1, queue.toString());
        }
        reset();
    }

    /** @param how the width, whether it writes, and where: a structure, or the configuration space */
    private static void access(int how, int where, long value) {
        int width = 1 << (how & 3);
        long address = switch (how >> 3 & 7) {
            case 0 -> DRIVER.config + where;
            case 1 -> DRIVER.structures.get(TestDriver.DEVICE) + where;
            case 2 -> DRIVER.structures.get(TestDriver.NOTIFY) + where;
            case 3 -> DRIVER.table + where;
            case 4 -> DRIVER.pba + where;
            case 5 -> DRIVER.structures.get(TestDriver.ISR) + where;
            default -> DRIVER.structures.get(TestDriver.COMMON) + (where & 0x3f);
        };
        if ((how & 4) == 0) {
            long read = MACHINE.read(address, width);
            same(width == 8 || read >>> 8 * width == 0, "0x%x of %d bytes".formatted(read, width));
        } else if (address < DRIVER.config || address >= DRIVER.config + 4096 || where >= 0x40) {
            MACHINE.write(address, width, value); // but not its BAR, at which the next access looks for it
        }
    }

    private static void reset() {
        MACHINE.write(DRIVER.structures.get(TestDriver.COMMON) + STATUS, 1, 0);
        same(DRIVER.common(STATUS, 1) == 0, "status after a reset: " + DRIVER.common(STATUS, 1));
        for (int queue = 0; queue < QUEUES; queue++) {
            DRIVER.common(SELECT, 2, queue);
            same(DRIVER.common(ENABLE, 2) == 0, "queue " + queue + " is enabled after a reset");
        }
        same(MACHINE.doorbells.isEmpty(), "doorbells after a reset: " + MACHINE.doorbells);
    }

    private static long little(byte[] from, int at, int bytes) {
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | from[at + i] & 0xff;
        }
        return value;
    }

    private static void same(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
