package ringfence.vmm.device.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.MemoryTable;
import ringfence.memory.RamOptions;
import ringfence.virtio.Feature;
import ringfence.virtio.NetControlLayout;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.device.DeviceListener;
import ringfence.vmm.device.QueueEvents;
import ringfence.vmm.device.remote.ListeningSource;
import ringfence.vmm.device.remote.Phase;
import ringfence.vmm.device.remote.RemoteListener;
import ringfence.vmm.device.remote.SocketSource;

/**
 * DPDK's testpmd as somebody else's back-end, killed and started again, on either side of the socket. It sends every
 * frame back on the pair of queues on which it came.
 */
@Timeout(120)
class TestpmdTest {
    /** From the module's directory, in which tests run. */
    private static final String PROGRAM = "../packaging/testpmd";

    private static final long TAKEN = Feature.VERSION_1
            | NetLayout.F_MRG_RXBUF
            | NetLayout.F_MAC
            | NetLayout.F_STATUS
            | NetControlLayout.F_CTRL_VQ
            | NetLayout.F_MQ
            | NetLayout.F_MTU
            | NetControlLayout.F_GUEST_ANNOUNCE;
    private static final int QUEUES = 5;
    private static final int CONTROL = 4;
    private static final int HEADER = 12; // struct virtio_net_hdr
    private static final int FRAME = 60;
    private static final int BUFFER = 2048;
    private static final int BUFFERS = 32;
    private static final int FRAMES = 200;
    private static final byte[] ADDRESSES = HexFormat.of().parseHex("52540012345652540000000288b5");

    @TempDir
    Path directory;

    private final Linux linux = Linux.system();
    private final GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 4 << 20)), RamOptions.DEFAULT);
    private final MemoryTable memory = ram.table();
    private final List<QueueEvents> events = new ArrayList<>();
    private final GuestDriver[] guests = new GuestDriver[QUEUES];
    private final List<String> troubles = new CopyOnWriteArrayList<>();
    private NetDevice device;
    private Process daemon;
    private int sequence;

    @BeforeEach
    void isThere() throws Exception {
        Process asked = new ProcessBuilder(PROGRAM, "--have").start();
        assumeTrue(asked.waitFor() == 0, "no testpmd, see packaging/testpmd");
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "dpdk-testpmd needs two processors");
    }

    @AfterEach
    void closes() throws Exception {
        if (device != null) {
            device.close();
        }
        if (daemon != null) {
            daemon.destroyForcibly().waitFor();
        }
        for (QueueEvents each : events) {
            each.kick().close();
            each.call().close();
        }
        ram.close();
    }

    private Path socket() {
        return directory.resolve("net.sock");
    }

    /** Starts it, without huge pages and without hardware. It ends when its standard input does. */
    private void daemon(boolean connects) throws IOException {
        if (!connects) {
            Files.deleteIfExists(socket());
        }
        String port = "net_vhost0,iface=" + socket() + ",queues=2" + (connects ? ",client=1" : "");
        List<String> words = new ArrayList<>(List.of(PROGRAM, "--no-shconf", "--no-huge", "--no-pci"));
        words.addAll(List.of(
                "--no-telemetry",
                "--file-prefix=ringfence" + ProcessHandle.current().pid()));
        words.addAll(List.of("-m", "256", "-l", "0,1", "--vdev=" + port, "--"));
        words.addAll(List.of("--auto-start", "--forward-mode=io", "--rxq=2", "--txq=2", "--nb-cores=1"));
        words.addAll(List.of("--total-num-mbufs=4096", "--disable-link-check", "--no-mlockall"));
        daemon = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("testpmd.log").toFile()))
                .start();
    }

    private void device(SocketSource source) {
        device = NetDevice.start(
                linux,
                NetConfig.TABLE.parse("id=_net0,mac=52:54:00:00:00:02,num_queues=4,mtu=9000"),
                source,
                memory,
                RemoteListener.NONE);
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

    private void connected(int reconnects) throws Exception {
        long start = System.nanoTime();
        while (device.state().phase() != Phase.CONNECTED || device.state().reconnects() != reconnects) {
            assertThat(System.nanoTime() - start)
                    .as("%s %s", device.state(), Files.readString(directory.resolve("testpmd.log")))
                    .isLessThan(30_000_000_000L);
            Thread.sleep(1);
        }
    }

    private void drive() throws Exception {
        assertThat(device.features() & TAKEN).as("offered").isEqualTo(TAKEN);
        device.acknowledge(TAKEN);
        for (int i = 0; i < QUEUES; i++) {
            events.add(new QueueEvents(linux.events().eventFd(), linux.events().eventFd()));
            QueueConfig place = GuestDriver.place(0x1000 + 0x4000L * i, 64, false, false);
            guests[i] = GuestDriver.direct(place, memory);
            device.startQueue(i, place, QueueState.FRESH, events.get(i))
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
        }
        for (int i = 0; i < BUFFERS; i++) {
            fill(0, i);
            fill(2, i);
        }
    }

    private static long buffer(int queue, long number) {
        return 0x100000L + queue * 0x20000L + number * BUFFER;
    }

    /** Offers a buffer to receive into. */
    private void fill(int queue, long number) {
        assertThat(guests[queue].begin(1)).isTrue();
        guests[queue].writable(buffer(queue, number), BUFFER);
        guests[queue].offer(number);
        if (guests[queue].publish()) {
            events.get(queue).kick().signal();
        }
    }

    private void send(int queue, int number) {
        ByteBuffer packet = ByteBuffer.allocate(HEADER + FRAME).order(ByteOrder.LITTLE_ENDIAN);
        packet.put(HEADER, ADDRESSES).putInt(HEADER + ADDRESSES.length, number);
        memory.write(buffer(queue, 0), packet.array());
        assertThat(guests[queue].begin(1)).isTrue();
        guests[queue].readable(buffer(queue, 0), HEADER + FRAME);
        guests[queue].offer(number);
        if (guests[queue].publish()) {
            events.get(queue).kick().signal();
        }
    }

    /** The number of the next frame that comes back; -1: none in time. */
    private int receive(int queue, long nanos) {
        GuestDriver guest = guests[queue];
        long start = System.nanoTime();
        while (guest.reap() < 0) {
            if (System.nanoTime() - start > nanos) {
                return -1;
            }
            Thread.onSpinWait();
        }
        assertThat(guest.written()).isEqualTo(HEADER + FRAME);
        byte[] packet = new byte[HEADER + FRAME];
        memory.read(buffer(queue, guest.cookie()), packet);
        assertThat(Arrays.copyOfRange(packet, HEADER, HEADER + ADDRESSES.length))
                .isEqualTo(ADDRESSES);
        fill(queue, guest.cookie());
        return ByteBuffer.wrap(packet).order(ByteOrder.LITTLE_ENDIAN).getInt(HEADER + ADDRESSES.length);
    }

    /** Sends frames one after the other until one comes back, for a back-end that has just come drops some, then counts. */
    private void comeBack(int pair) {
        int sent;
        int got;
        do {
            sent = ++sequence;
            assertThat(sent).as("frames that nobody sends back").isLessThan(100_000);
            send(2 * pair + 1, sent);
            while (guests[2 * pair + 1].reap() < 0) {
                Thread.onSpinWait();
            }
            do {
                got = receive(2 * pair, 100_000_000);
            } while (got >= 0 && got < sent); // of those before, late
        } while (got != sent);
        for (int i = 0; i < FRAMES; i++) {
            send(2 * pair + 1, ++sequence);
            assertThat(receive(2 * pair, 10_000_000_000L)).isEqualTo(sequence);
            while (guests[2 * pair + 1].reap() < 0) {
                Thread.onSpinWait();
            }
        }
    }

    private void twoPairs() throws InterruptedException {
        long at = buffer(CONTROL, 0);
        memory.write(at, new byte[] {NetControlLayout.MQ, NetControlLayout.MQ_VQ_PAIRS_SET, 2, 0, -1});
        GuestDriver guest = guests[CONTROL];
        assertThat(guest.begin(2)).isTrue();
        guest.readable(at, 4);
        guest.writable(at + 4, 1);
        guest.offer(0);
        guest.publish();
        events.get(CONTROL).kick().signal();
        while (guest.reap() < 0) {
            Thread.sleep(1);
        }
        byte[] ack = new byte[1];
        memory.read(at + 4, ack);
        assertThat(ack[0]).isEqualTo((byte) NetControlLayout.OK);
    }

    @Test
    void packetsPassThroughDpdkAndItsSuccessor() throws Exception {
        device(SocketSource.path(linux, socket().toString()));
        daemon(false);
        connected(0);
        drive();
        comeBack(0);
        twoPairs();
        comeBack(1);
        comeBack(0);
        daemon.destroyForcibly().waitFor();
        daemon(false);
        connected(1);
        comeBack(0);
        comeBack(1);
        device.reset().toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertThat(troubles).isEmpty();
    }

    @Test
    void packetsPassThroughDpdkWhereTheVmmListens() throws Exception {
        try (ListeningSource source = new ListeningSource(linux, socket().toString())) {
            device(source);
            daemon(true);
            connected(0);
            drive();
            comeBack(0);
            daemon.destroyForcibly().waitFor();
            daemon(true);
            connected(1);
            comeBack(0);
            assertThat(troubles).isEmpty();
            device.close();
            device = null;
        }
    }
}
