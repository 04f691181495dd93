package ringfence.blk;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.queue.ChainCursor;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.virtio.queue.SplitQueue;
import ringfence.virtio.queue.Verdict;

/** A guest with some memory and one queue: makes chains, and hands them to an engine without a socket between. */
public final class TestGuest implements AutoCloseable {
    /** Where data buffers of the tests begin. */
    public static final long DATA = 1 << 20;

    private static final long RAM = 32 << 20;
    private static final long HEADERS = 0x8_0000;
    private static final long STATUSES = 0xC_0000;
    private static final byte UNTOUCHED = 0x5a;

    private final Fd fd;
    private final Mapping mapping;
    private final MemoryTable memory;
    private final GuestDriver driver;
    private final SplitQueue queue;
    private final ChainCursor chain;
    private final int queueSize;
    private int next;

    /** With a queue of that size. */
    public TestGuest(Linux linux, int queueSize) {
        this.queueSize = queueSize;
        fd = linux.memory().memfd("test-guest", RAM);
        mapping = linux.memory().map(fd, 0, RAM);
        memory = MemoryTable.of(List.of(new Region(0, 0, RAM, mapping, 0, fd, 0)));
        QueueConfig config = GuestDriver.place(0x1000, queueSize, true, true);
        driver = GuestDriver.direct(config, memory);
        queue = SplitQueue.start(config, memory, QueueState.FRESH);
        chain = ChainCursor.forQueueSize(queueSize);
    }

    /** A buffer of a chain. */
    public record Buffer(long gpa, int length, boolean writable) {}

    /** How a request ended. */
    public record Answer(int status, long written) {}

    /** The guest's memory. */
    public MemoryTable memory() {
        return memory;
    }

    /** The bytes of guest memory, from guest address 0 on. */
    public MemorySegment ram() {
        return mapping.segment();
    }

    /** Offers a chain of any shape and takes it on the device's side. */
    public ChainCursor chain(Buffer... buffers) {
        offer(buffers);
        assertThat(queue.poll(chain)).isEqualTo(Verdict.CHAIN);
        return chain;
    }

    /** The device gives the chain of {@link #chain} back, with nothing written. */
    public void giveBack() {
        queue.complete(chain.head(), 0);
        assertThat(driver.reap()).isNotNegative();
    }

    /** Offers a chain of any shape. */
    public void offer(Buffer... buffers) {
        assertThat(driver.begin(buffers.length)).isTrue();
        for (Buffer buffer : buffers) {
            if (buffer.writable()) {
                driver.writable(buffer.gpa(), buffer.length());
            } else {
                driver.readable(buffer.gpa(), buffer.length());
            }
        }
        driver.offer(next++);
        driver.publish();
    }

    /** Writes a request's header at a guest address. */
    public void header(long gpa, int type, long sector) {
        ram().set(ValueLayout.JAVA_INT, gpa, type);
        ram().set(ValueLayout.JAVA_INT, gpa + 4, 0);
        ram().set(ValueLayout.JAVA_LONG, gpa + 8, sector);
    }

    /** A request in the usual framing, header, data, status, with the data in one buffer. */
    public Answer request(QueueEngine engine, int type, long sector, long gpa, int bytes) {
        boolean toGuest = type == BlkLayout.T_IN || type == BlkLayout.T_GET_ID;
        return bytes == 0
                ? framed(engine, type, sector)
                : framed(engine, type, sector, new Buffer(gpa, bytes, toGuest));
    }

    /** A request in the usual framing, with the data in these buffers. */
    public Answer framed(QueueEngine engine, int type, long sector, Buffer... data) {
        int slot = next % queueSize;
        long header = HEADERS + 16L * slot;
        long status = STATUSES + slot;
        header(header, type, sector);
        ram().set(ValueLayout.JAVA_BYTE, status, UNTOUCHED);
        List<Buffer> buffers = new ArrayList<>();
        buffers.add(new Buffer(header, BlkLayout.HEADER, false));
        buffers.addAll(List.of(data));
        buffers.add(new Buffer(status, 1, true));
        offer(buffers.toArray(Buffer[]::new));
        run(engine);
        assertThat(driver.reap()).isNotNegative();
        return new Answer(ram().get(ValueLayout.JAVA_BYTE, status), driver.written());
    }

    /** Lets the engine do all that has been offered, to its end. */
    public void run(QueueEngine engine) {
        boolean more = true;
        while (more) {
            more = engine.canTake() && queue.poll(chain) == Verdict.CHAIN;
            if (more) {
                engine.submit(chain, queue::complete);
            }
        }
        engine.flush();
        long deadline = System.nanoTime() + 20_000_000_000L;
        while (engine.inFlight() > 0) {
            engine.reap(queue::complete);
            engine.flush();
            assertThat(System.nanoTime()).as("an engine that never completes").isLessThan(deadline);
        }
    }

    /** A discard or write-zeroes range at {@link #DATA}. */
    public Buffer range(long sector, int sectors, int flags) {
        ram().set(ValueLayout.JAVA_LONG, DATA, sector);
        ram().set(ValueLayout.JAVA_INT, DATA + 8, sectors);
        ram().set(ValueLayout.JAVA_INT, DATA + 12, flags);
        return new Buffer(DATA, BlkLayout.RANGE, false);
    }

    /** Fills guest memory with a pattern that depends on the place and the seed. */
    public void fill(long gpa, int bytes, int seed) {
        for (int i = 0; i < bytes; i++) {
            ram().set(ValueLayout.JAVA_BYTE, gpa + i, (byte) (seed * 31 + i * 7 + (i >>> 8)));
        }
    }

    /** A copy of guest memory. */
    public byte[] bytes(long gpa, int count) {
        return ram().asSlice(gpa, count).toArray(ValueLayout.JAVA_BYTE);
    }

    @Override
    public void close() {
        mapping.close();
        fd.close();
    }
}
