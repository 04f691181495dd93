package ringfence.it.fault;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.InflightShare;
import ringfence.virtio.Feature;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;

/**
 * A driver of a network card: the two queues of its first pair, that for receiving full of buffers. They outlive every daemon.
 * One thread.
 */
public final class Card implements AutoCloseable {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);
    private static final int RX = 0;
    private static final int TX = 1;
    private static final int QUEUES = 2;
    private static final int RAM = 4 << 20;
    private static final int SIZE = 256;
    private static final long RINGS = 0x1_0000;
    private static final long DATA = 0x10_0000;
    private static final int BUFFER = 2048;

    private final Fd memory;
    private final Mapping mapping;
    private final MemoryTable table;
    private final boolean tracked;
    private final QueueConfig[] configs = new QueueConfig[QUEUES];
    private final GuestDriver[] drivers = new GuestDriver[QUEUES];
    private final EventFd[] kicks = new EventFd[QUEUES];
    private final EventFd[] calls = new EventFd[QUEUES];
    private int nextToSend;
    private InflightShare inflight;

    /** One that no daemon serves yet. @param tracked whether its daemons record what is in flight: they have to offer it */
    public Card(Linux linux, boolean tracked) {
        this.tracked = tracked;
        memory = linux.memory().memfd("guest", RAM);
        linux.memory().seal(memory, Seal.SHRINK, Seal.GROW);
        mapping = linux.memory().map(memory, 0, RAM);
        table = MemoryTable.of(List.of(new Region(0, mapping.address(), RAM, mapping, 0, memory, 0)));
        for (int queue = 0; queue < QUEUES; queue++) {
            configs[queue] = GuestDriver.place(RINGS * queue, SIZE, false, false);
            drivers[queue] = GuestDriver.direct(configs[queue], table);
            kicks[queue] = linux.events().eventFd();
            calls[queue] = linux.events().eventFd();
        }
        for (int i = 0; i < SIZE; i++) {
            post(i);
        }
        drivers[RX].publish();
    }

    /** One that is served at once. @param frontend see {@link #connect} */
    public Card(Linux linux, Frontend frontend) {
        this(linux, false);
        connect(frontend);
    }

    /** Its queues go on where they stand. @param frontend of the first daemon, or a successor, greeted; it stays the caller's */
    public void connect(Frontend frontend) {
        frontend.features(Feature.VERSION_1);
        frontend.memory(table);
        if (tracked) {
            if (inflight == null) {
                inflight = frontend.newInflight(QUEUES, SIZE);
            }
            frontend.inflight(inflight);
        }
        for (int queue = 0; queue < QUEUES; queue++) {
            int used = mapping.segment().get(ValueLayout.JAVA_SHORT, configs[queue].usedRing() + 2) & 0xFFFF;
            QueueState from = new QueueState(used, used);
            frontend.startQueue(queue, configs[queue], from, kicks[queue], calls[queue], null);
            frontend.enable(queue, true);
            kicks[queue].signal(); // what was published while nobody listened
        }
    }

    private void post(long buffer) {
        drivers[RX].begin(1);
        drivers[RX].writable(DATA + BUFFER * buffer, BUFFER);
        drivers[RX].offer(buffer);
    }

    /** Sends a frame, of at most {@value #BUFFER} bytes with its header. @return false: as many as there may be are under way */
    public boolean send(byte[] frame) {
        while (drivers[TX].reap() >= 0) {
            Thread.onSpinWait();
        }
        if (!drivers[TX].begin(1)) {
            return false;
        }
        long at = DATA + (long) BUFFER * (SIZE + nextToSend++ % SIZE);
        mapping.segment().asSlice(at, NetLayout.HEADER).fill((byte) 0);
        MemorySegment.copy(frame, 0, mapping.segment(), ValueLayout.JAVA_BYTE, at + NetLayout.HEADER, frame.length);
        drivers[TX].readable(at, NetLayout.HEADER + frame.length);
        drivers[TX].offer(0);
        if (drivers[TX].publish()) {
            kicks[TX].signal();
        }
        return true;
    }

    /** The next frame that has come, if one has. */
    public Optional<byte[]> receive() {
        if (drivers[RX].reap() < 0) {
            return Optional.empty();
        }
        long buffer = drivers[RX].cookie();
        byte[] frame = mapping.segment()
                .asSlice(DATA + BUFFER * buffer + NetLayout.HEADER, drivers[RX].written() - NetLayout.HEADER)
                .toArray(ValueLayout.JAVA_BYTE);
        post(buffer);
        if (drivers[RX].publish()) {
            kicks[RX].signal();
        }
        return Optional.of(frame);
    }

    /** What the next datagram carries that comes after {@code sending}; the kernel has frames of its own. */
    public String nextPayload(Runnable sending) throws InterruptedException {
        sending.run();
        long deadline = System.nanoTime() + PATIENCE;
        while (true) {
            Optional<byte[]> payload = receive().flatMap(Datagrams::payload);
            if (payload.isPresent()) {
                return new String(payload.get(), StandardCharsets.US_ASCII);
            }
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("no datagram comes");
            }
            Thread.sleep(1);
        }
    }

    @Override
    public void close() {
        if (inflight != null) {
            inflight.close();
        }
        for (int queue = 0; queue < QUEUES; queue++) {
            kicks[queue].close();
            calls[queue].close();
        }
        mapping.close();
        memory.close();
    }
}
