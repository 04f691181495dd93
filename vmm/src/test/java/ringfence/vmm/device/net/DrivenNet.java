package ringfence.vmm.device.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.MemoryTable;
import ringfence.memory.RamOptions;
import ringfence.virtio.NetControlLayout;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.device.DeviceListener;
import ringfence.vmm.device.QueueEvents;
import ringfence.vmm.device.remote.Phase;
import ringfence.vmm.device.remote.RemoteListener;
import ringfence.vmm.device.remote.SocketSource;

/**
 * A network device of the VMM with a driver, which is the thread that calls: it sends numbered frames and receives them,
 * each with contents that follow from its number. All other frames are ignored. No interrupts: it looks.
 */
final class DrivenNet implements AutoCloseable {
    private static final int HEADER = 12; // struct virtio_net_hdr
    private static final int ADDRESSES = 14;
    private static final int SHORTEST = 60;
    private static final int LONGEST = 1514;
    private static final String TYPE = "88b5"; // of local experiments
    private static final int SIZE = 64;
    private static final int BUFFER = 2048;
    private static final int BUFFERS = 32;
    private static final long MEMORY = 4 << 20;
    private static final long PAUSE_NANOS = 20_000; // the back-end needs processors, too

    private final Linux linux = Linux.system();
    private final GuestRam ram;
    private final MemoryTable memory;
    private final List<QueueEvents> events = new ArrayList<>();
    private final GuestDriver[] guests;
    private final List<String> troubles = new CopyOnWriteArrayList<>();
    private final NetDevice device;
    private final int control;
    private int sequence;

    /**
     * A device of that many pairs of queues, which looks for its back-end.
     *
     * @param options of the device, as {@code --net} takes them
     * @param ram how its 4 MiB of memory are made
     */
    DrivenNet(String options, int pairs, SocketSource source, RamOptions ram) {
        this.ram = new GuestRam(linux, List.of(new GuestRam.Range(0, MEMORY)), ram);
        memory = this.ram.table();
        control = 2 * pairs;
        guests = new GuestDriver[control + 1];
        NetConfig config = NetConfig.TABLE.parse("id=_net0,num_queues=" + control + "," + options);
        device = NetDevice.start(linux, config, source, memory, RemoteListener.NONE, null);
        device.listen(new DeviceListener() {
            @Override
            public void configChanged() {
                // an announcement is asked for
            }

            @Override
            public void needsReset(String why) {
                troubles.add(why);
            }
        });
    }

    NetDevice device() {
        return device;
    }

    /** What the device has complained of. */
    List<String> troubles() {
        return troubles;
    }

    /** Whether a back-end is there, and a later one than that: the first is 0. */
    boolean isConnected(int after) {
        return device.state().phase() == Phase.CONNECTED && reconnects() > after;
    }

    /** How many successors of its first back-end there have been. */
    int reconnects() {
        return device.state().reconnects();
    }

    /** Takes these features, which have to be offered, starts all queues and posts buffers to receive into. */
    void drive(long features) throws Exception {
        assertThat(device.features() & features).as("offered").isEqualTo(features);
        device.acknowledge(features);
        for (int i = 0; i < guests.length; i++) {
            events.add(new QueueEvents(linux.events().eventFd(), linux.events().eventFd()));
            QueueConfig place = GuestDriver.place(0x1000 + 0x4000L * i, SIZE, false, false);
            guests[i] = GuestDriver.direct(place, memory);
            device.startQueue(i, place, QueueState.FRESH, events.get(i))
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
        }
        for (int queue = 0; queue < control; queue += 2) {
            for (int i = 0; i < BUFFERS; i++) {
                fill(queue, i);
            }
        }
    }

    private static long buffer(int queue, long number) {
        return 0x100000L + queue * 0x20000L + number * BUFFER;
    }

    /** Offers a buffer to receive into. */
    private void fill(int queue, long number) {
        assertThat(guests[queue].begin(1)).isTrue();
        guests[queue].writable(buffer(queue, number), BUFFER);
        offered(queue, number);
    }

    private void offered(int queue, long cookie) {
        guests[queue].offer(cookie);
        if (guests[queue].publish()) {
            events.get(queue).kick().signal();
        }
    }

    private static byte[] frame(String to, String from, int number) {
        int length = number % 2 == 0 ? SHORTEST : LONGEST;
        ByteBuffer frame = ByteBuffer.allocate(length);
        frame.put(HexFormat.of().parseHex(to + from + TYPE)).putInt(number);
        while (frame.hasRemaining()) {
            frame.put((byte) (number * 31 + frame.position()));
        }
        return frame.array();
    }

    /**
     * Sends a frame, short or long, and waits until it is taken.
     *
     * @param to 12 digits of an address
     */
    void send(int pair, String to, String from, int number) {
        int queue = 2 * pair + 1;
        byte[] frame = frame(to, from, number);
        memory.write(buffer(queue, 0), new byte[HEADER]);
        memory.write(buffer(queue, 0) + HEADER, frame);
        assertThat(guests[queue].begin(1)).isTrue();
        guests[queue].readable(buffer(queue, 0), HEADER + frame.length);
        offered(queue, number);
        long start = System.nanoTime();
        while (guests[queue].reap() < 0) {
            assertThat(System.nanoTime() - start).as("taken in time").isLessThan(10_000_000_000L);
            LockSupport.parkNanos(PAUSE_NANOS);
        }
    }

    /**
     * Waits for a frame.
     *
     * @param to whose: others are left out
     * @return its number; -1: none in time
     */
    int receive(int pair, String to, String from, long nanos) {
        int queue = 2 * pair;
        GuestDriver guest = guests[queue];
        byte[] addresses = HexFormat.of().parseHex(to + from + TYPE);
        long start = System.nanoTime();
        while (true) {
            while (guest.reap() < 0) {
                if (System.nanoTime() - start > nanos) {
                    return -1;
                }
                LockSupport.parkNanos(PAUSE_NANOS);
            }
            byte[] packet = new byte[Math.toIntExact(guest.written())];
            memory.read(buffer(queue, guest.cookie()), packet);
            fill(queue, guest.cookie());
            ByteBuffer frame =
                    ByteBuffer.wrap(packet, HEADER, packet.length - HEADER).slice();
            if (frame.remaining() >= SHORTEST && frame.slice(0, ADDRESSES).equals(ByteBuffer.wrap(addresses))) {
                int number = frame.getInt(ADDRESSES);
                assertThat(frame).isEqualTo(ByteBuffer.wrap(frame(to, from, number)));
                return number;
            }
        }
    }

    /** Sends frames one after the other until one arrives there, for a back-end that has just come drops some. */
    void untilOneArrives(int pair, DrivenNet there, String to, String from) {
        long start = System.nanoTime();
        int sent;
        int got;
        do {
            assertThat(System.nanoTime() - start).as("no frame arrives").isLessThan(30_000_000_000L);
            sent = ++sequence;
            send(pair, to, from, sent);
            do {
                got = there.receive(pair, to, from, 100_000_000);
            } while (got >= 0 && got < sent); // of those before, late
        } while (got != sent);
    }

    /** Uses that many pairs of queues. */
    void usePairs(int pairs) throws InterruptedException {
        long at = buffer(control, 0);
        memory.write(at, new byte[] {NetControlLayout.MQ, NetControlLayout.MQ_VQ_PAIRS_SET, (byte) pairs, 0, -1});
        assertThat(guests[control].begin(2)).isTrue();
        guests[control].readable(at, 4);
        guests[control].writable(at + 4, 1);
        offered(control, 0);
        while (guests[control].reap() < 0) {
            Thread.sleep(1);
        }
        byte[] ack = new byte[1];
        memory.read(at + 4, ack);
        assertThat(ack[0]).isEqualTo((byte) NetControlLayout.OK);
    }

    @Override
    public void close() {
        device.close();
        for (QueueEvents each : events) {
            each.kick().close();
            each.call().close();
        }
        ram.close();
    }
}
