package ringfence.vmm.transport;

import java.util.HashMap;
import java.util.Map;
import ringfence.virtio.queue.QueueConfig;

/** A modern virtio driver, as far as the PCI transport goes: finds the structures by their capabilities (4.1.4). */
public final class TestDriver {
    static final int COMMON = 1;
    static final int NOTIFY = 2;
    static final int ISR = 3;
    static final int DEVICE = 4;
    static final int WINDOW = 5;
    static final int ACKNOWLEDGE_AND_DRIVER = 3;
    static final int DRIVER_OK = 4;
    static final int FEATURES_OK = 8;
    static final int NEEDS_RESET = 0x40;

    final TestMachine machine;
    final long config;
    /** Guest address of each structure, by its type. */
    final Map<Integer, Long> structures = new HashMap<>();

    final Map<Integer, Long> lengths = new HashMap<>();
    int msix;
    int window;
    long table;
    long pba;
    int multiplier;

    /** Finds the function in this slot, and enables its BAR. */
    public TestDriver(TestMachine machine, int slot) {
        this.machine = machine;
        config = TestMachine.ECAM + (slot << 15);
        machine.write(config + 4, 2, 6); // memory, bus master
        long bar = machine.read(config + 0x10, 4) & ~0xFL | machine.read(config + 0x14, 4) << 32;
        for (int at = (int) machine.read(config + 0x34, 1); at != 0; at = (int) machine.read(config + at + 1, 1)) {
            switch ((int) machine.read(config + at, 1)) {
                case 0x09 -> structure(at, bar);
                case 0x11 -> {
                    msix = at;
                    table = bar + machine.read(config + at + 4, 4);
                    pba = bar + machine.read(config + at + 8, 4);
                }
                default -> throw new AssertionError("capability at " + at);
            }
        }
    }

    private void structure(int at, long bar) {
        int type = (int) machine.read(config + at + 3, 1);
        structures.put(type, bar + machine.read(config + at + 8, 4));
        lengths.put(type, machine.read(config + at + 12, 4));
        if (type == NOTIFY) {
            multiplier = (int) machine.read(config + at + 16, 4);
        } else if (type == WINDOW) {
            window = at;
        }
    }

    long common(int offset, int width) {
        return machine.read(structures.get(COMMON) + offset, width);
    }

    void common(int offset, int width, long value) {
        machine.write(structures.get(COMMON) + offset, width, value);
    }

    int status() {
        return (int) common(20, 1);
    }

    void status(int value) {
        common(20, 1, value);
    }

    long offered() {
        common(0, 4, 0);
        long low = common(4, 4);
        common(0, 4, 1);
        return low | common(4, 4) << 32;
    }

    void take(long features) {
        common(8, 4, 0);
        common(12, 4, features & 0xFFFF_FFFFL);
        common(8, 4, 1);
        common(12, 4, features >>> 32);
    }

    /** Negotiates: reset, acknowledge, features. @return whether the device took them */
    public boolean negotiate(long features) {
        status(0);
        status(ACKNOWLEDGE_AND_DRIVER);
        take(features);
        status(status() | FEATURES_OK);
        return (status() & FEATURES_OK) != 0;
    }

    /** Sets a queue up and enables it. */
    public void enableQueue(int queue, QueueConfig place, int vector) {
        common(22, 2, queue);
        common(24, 2, place.size());
        address(32, place.descriptorTable());
        address(40, place.availableRing());
        address(48, place.usedRing());
        common(26, 2, vector);
        common(28, 2, 1);
    }

    private void address(int offset, long value) {
        common(offset, 4, value & 0xFFFF_FFFFL);
        common(offset + 4, 4, value >>> 32);
    }

    /** Sets DRIVER_OK. */
    public void ready() {
        status(status() | DRIVER_OK);
    }

    void kick(int queue) {
        common(22, 2, queue);
        machine.write(structures.get(NOTIFY) + common(30, 2) * multiplier, 2, queue);
    }

    /** Function control: 0x8000 enables MSI-X, 0x4000 masks all. */
    public void msixControl(int value) {
        machine.write(config + msix + 2, 2, value);
    }

    /** Writes a vector's message. */
    public void message(int vector, long address, int data) {
        machine.write(table + 16L * vector, 4, address & 0xFFFF_FFFFL);
        machine.write(table + 16L * vector + 4, 4, address >>> 32);
        machine.write(table + 16L * vector + 8, 4, data & 0xFFFF_FFFFL);
    }

    /** Masks or unmasks a vector. */
    public void mask(int vector, boolean masked) {
        machine.write(table + 16L * vector + 12, 4, masked ? 1 : 0);
    }

    /** Reads a vector's pending bit. */
    public boolean isPending(int vector) {
        return (machine.read(pba + vector / 32 * 4L, 4) >> vector % 32 & 1) != 0;
    }
}
