package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.vhostuser.link.Frontend;
import ringfence.virtio.Feature;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;

/** A driver of a network card: its receive queue at the first pair, full of buffers. One thread. */
public final class Card implements AutoCloseable {
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);
    private static final int RAM = 4 << 20;
    private static final int SIZE = 256;
    private static final long DATA = 0x10_0000;
    private static final int BUFFER = 2048;
    private static final int UDP = 14 + 20;
    private static final int PROTOCOL = 14 + 9;

    private final Fd memory;
    private final Mapping mapping;
    private final EventFd kick;
    private final EventFd call;
    private final GuestDriver driver;

    /** Starts it. @param frontend which has been greeted; it stays the caller's */
    public Card(Linux linux, Frontend frontend) {
        memory = linux.memory().memfd("guest", RAM);
        kick = linux.events().eventFd();
        call = linux.events().eventFd();
        linux.memory().seal(memory, Seal.SHRINK, Seal.GROW);
        mapping = linux.memory().map(memory, 0, RAM);
        MemoryTable table = MemoryTable.of(List.of(new Region(0, mapping.address(), RAM, mapping, 0, memory, 0)));
        frontend.features(Feature.VERSION_1);
        frontend.memory(table);
        QueueConfig config = GuestDriver.place(0, SIZE, false, false);
        driver = GuestDriver.direct(config, table);
        for (int i = 0; i < SIZE; i++) {
            driver.begin(1);
            driver.writable(DATA + (long) BUFFER * i, BUFFER);
            driver.offer(i);
        }
        driver.publish();
        frontend.startQueue(0, config, QueueState.FRESH, kick, call, null);
        frontend.enable(0, true);
        kick.signal();
    }

    /** What the next datagram carries that comes after {@code sending}; the kernel has frames of its own. */
    public String nextPayload(Runnable sending) throws InterruptedException {
        sending.run();
        long deadline = System.nanoTime() + PATIENCE;
        while (true) {
            int head = driver.reap();
            if (head < 0) {
                assertThat(System.nanoTime()).as("a datagram comes").isLessThan(deadline);
                Thread.sleep(1);
                continue;
            }
            long at = DATA + BUFFER * driver.cookie() + NetLayout.HEADER;
            byte[] frame = mapping.segment()
                    .asSlice(at, driver.written() - NetLayout.HEADER)
                    .toArray(ValueLayout.JAVA_BYTE);
            if (frame[12] == 8 && frame[13] == 0 && frame[PROTOCOL] == 17) {
                return new String(frame, UDP + 8, frame.length - UDP - 8, StandardCharsets.US_ASCII);
            }
        }
    }

    @Override
    public void close() {
        kick.close();
        call.close();
        mapping.close();
        memory.close();
    }
}
