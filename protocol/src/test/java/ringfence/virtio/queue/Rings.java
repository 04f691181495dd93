package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import ringfence.memory.MemoryTable;
import ringfence.memory.TestMemory;
import ringfence.virtio.RingFormat;

/**
 * A queue with both of its ends, in one thread, for tests that read like the specification:
 * <pre>{@code
 * Rings.of(SPLIT).size(8).eventIdx().start()
 * }</pre>
 * The ring lies at guest address {@link #RING}, indirect tables at {@link #TABLES}, buffers from {@link #DATA} on.
 */
final class Rings implements AutoCloseable {
    static final long RING = 0x1_0000;
    static final long TABLES = 0x20_0000;
    static final long DATA = 0x40_0000;
    static final long END = 0x80_0000;

    /** Formats that have an implementation: what {@code @MethodSource} names. */
    static RingFormat[] formats() {
        return new RingFormat[] {RingFormat.SPLIT};
    }

    private final RingFormat format;
    private final TestMemory memory = TestMemory.of(END);
    private MemoryTable table;
    private int size = 8;
    private boolean eventIdx;
    private boolean indirect = true;
    private int tableEntries;
    private QueueState from = QueueState.FRESH;
    private GuestDriver driver;
    private Virtqueue queue;
    private QueueConfig config;
    private ChainCursor chain;
    private int interrupts;
    private int kicks;

    private Rings(RingFormat format) {
        this.format = format;
    }

    static Rings of(RingFormat format) {
        return new Rings(format);
    }

    Rings size(int entries) {
        size = entries;
        return this;
    }

    Rings eventIdx() {
        eventIdx = true;
        return this;
    }

    /** VIRTIO_F_INDIRECT_DESC is not negotiated. */
    Rings withoutIndirect() {
        indirect = false;
        return this;
    }

    /** The driver uses indirect tables of so many entries. */
    Rings tables(int entries) {
        tableEntries = entries;
        return this;
    }

    /** More memory, besides the 8 MiB from 0 on. */
    Rings region(long guestAddress, long bytes) {
        memory.region(guestAddress, bytes);
        return this;
    }

    Rings from(int available, int used) {
        from = new QueueState(available, used);
        return this;
    }

    Rings start() {
        assertThat(format).isEqualTo(RingFormat.SPLIT);
        table = memory.table();
        config = GuestDriver.place(RING, size, eventIdx, indirect);
        driver = GuestDriver.indirect(config, table, TABLES, tableEntries);
        queue = Virtqueue.start(config, table, from);
        chain = ChainCursor.forQueueSize(size);
        return this;
    }

    MemoryTable table() {
        return table;
    }

    QueueConfig config() {
        return config;
    }

    GuestDriver driver() {
        return driver;
    }

    Virtqueue queue() {
        return queue;
    }

    ChainCursor chain() {
        return chain;
    }

    // ---- the driver's acts

    /** Offers so many chains of one readable and one writable buffer, and publishes them one by one. */
    Rings offers(int chains) {
        for (int i = 0; i < chains; i++) {
            assertThat(driver.begin(2)).isTrue();
            driver.readable(DATA, 16);
            driver.writable(DATA + 4096, 512);
            driver.offer(i);
            if (driver.publish()) {
                kicks++;
            }
        }
        return this;
    }

    int kicks() {
        int count = kicks;
        kicks = 0;
        return count;
    }

    // ---- the device's acts

    /** Takes a chain. */
    ChainCursor takes() {
        assertThat(queue.poll(chain)).isEqualTo(Verdict.CHAIN);
        return chain;
    }

    /** Takes and completes so many chains, asking after each whether to interrupt. */
    Rings completes(int chains) {
        for (int i = 0; i < chains; i++) {
            queue.complete(takes().head(), 0);
            if (queue.needsInterrupt()) {
                interrupts++;
            }
        }
        return this;
    }

    int interrupts() {
        int count = interrupts;
        interrupts = 0;
        return count;
    }

    /** The device finds the ring broken, for this reason, and goes on finding it so. */
    void breaksWith(QueueFault.Reason reason) {
        assertThat(queue.poll(chain)).isEqualTo(Verdict.BROKEN);
        assertThat(queue.fault().reason()).isEqualTo(reason);
        assertThat(queue.poll(chain)).isEqualTo(Verdict.BROKEN);
    }

    // ---- raw access to the ring: the hostile driver

    Rings descriptor(int index, long address, long length, int flags, int next) {
        return descriptorAt(config.descriptorTable() + 16L * index, address, length, flags, next);
    }

    /** A descriptor anywhere, such as in an indirect table. */
    Rings descriptorAt(long gpa, long address, long length, int flags, int next) {
        write(gpa, address, 8);
        write(gpa + 8, length, 4);
        write(gpa + 12, flags, 2);
        write(gpa + 14, next, 2);
        return this;
    }

    Rings availableEntry(int slot, int head) {
        write(config.availableRing() + 4 + 2L * slot, head, 2);
        return this;
    }

    Rings availableIndex(int index) {
        write(config.availableRing() + 2, index, 2);
        return this;
    }

    /** Makes the chain that begins at {@code head} available in the ring's first slot. */
    Rings available(int head) {
        return availableEntry(0, head).availableIndex(1);
    }

    /** Writes a little-endian number of so many bytes. */
    void write(long gpa, long value, int bytes) {
        byte[] raw = new byte[bytes];
        for (int i = 0; i < bytes; i++) {
            raw[i] = (byte) (value >>> 8 * i);
        }
        table.write(gpa, raw);
    }

    /** Reads a little-endian number of so many bytes. */
    long read(long gpa, int bytes) {
        byte[] raw = new byte[bytes];
        table.read(gpa, raw);
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (raw[i] & 0xFFL) << 8 * i;
        }
        return value;
    }

    @Override
    public void close() {
        memory.close();
    }
}
