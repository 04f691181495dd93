package ringfence.vmm.device.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.MemoryTable;
import ringfence.memory.RamOptions;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendOptions;
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

/** A network device of two pairs of queues as its transport sees it, with a back-end of ours behind it. */
@Timeout(60)
class NetFrontendTest {
    private static final long RING = Feature.VERSION_1 | Feature.INDIRECT_DESC | Feature.EVENT_IDX;
    private static final long OWN = NetLayout.F_MAC
            | NetLayout.F_STATUS
            | NetControlLayout.F_CTRL_VQ
            | NetControlLayout.F_CTRL_RX
            | NetControlLayout.F_CTRL_MAC_ADDR
            | NetControlLayout.F_CTRL_GUEST_OFFLOADS
            | NetControlLayout.F_GUEST_ANNOUNCE
            | NetLayout.F_MQ
            | NetLayout.F_MTU
            | NetLayout.F_SPEED_DUPLEX;
    private static final int QUEUES = 5;
    private static final int CONTROL = 4;
    private static final long BUFFERS = 0x80000;
    private static final String MAC = "52:54:00:12:34:56";

    @TempDir
    Path directory;

    private final Linux linux = Linux.system();
    private final GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 1 << 20)), RamOptions.DEFAULT);
    private final MemoryTable memory = ram.table();
    private final QueueEvents[] events = new QueueEvents[QUEUES];
    private final GuestDriver[] guests = new GuestDriver[QUEUES];
    private final List<String> told = new CopyOnWriteArrayList<>();
    private NetDevice device;
    private Backend backend;
    private AnsweringNet net;

    private void start(String options, SocketSource source) {
        for (int i = 0; i < QUEUES; i++) {
            events[i] = new QueueEvents(linux.events().eventFd(), linux.events().eventFd());
        }
        NetConfig config = NetConfig.TABLE.parse("id=_net0,mac=" + MAC + "," + options);
        device = NetDevice.start(linux, config, source, memory, RemoteListener.NONE, null);
        device.listen(new DeviceListener() {
            @Override
            public void configChanged() {
                told.add("config");
            }

            @Override
            public void needsReset(String why) {
                told.add(why);
            }
        });
    }

    private void start(String options) {
        start(options, SocketSource.path(linux, socket()));
    }

    @AfterEach
    void closes() {
        if (device != null) {
            device.close();
        }
        if (backend != null) {
            backend.close();
        }
        for (QueueEvents each : events) {
            each.kick().close();
            each.call().close();
        }
        ram.close();
    }

    private String socket() {
        return directory.resolve("net.sock").toString();
    }

    private void serve(int mark) throws InterruptedException {
        net = new AnsweringNet(mark, 4);
        backend = Backend.listen(linux, socket(), net, BackendOptions.defaults().withLog(line -> {}));
        eventually(() -> device.state().phase() == Phase.CONNECTED);
    }

    private static void eventually(BooleanSupplier condition) throws InterruptedException {
        long start = System.nanoTime();
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime() - start).as("waited for too long").isLessThan(20_000_000_000L);
            Thread.sleep(1);
        }
    }

    private void startQueues(long features, int... indices) throws Exception {
        device.acknowledge(features);
        for (int index : indices) {
            QueueConfig place = GuestDriver.place(0x1000 + 0x4000L * index, 64, true, false);
            guests[index] = GuestDriver.direct(place, memory);
            device.startQueue(index, place, QueueState.FRESH, events[index])
                    .toCompletableFuture()
                    .get(10, TimeUnit.SECONDS);
        }
    }

    /** Two pairs and the control queue, as a driver with all features sets them up. */
    private void live() throws Exception {
        start("num_queues=4,mtu=9000");
        serve(1);
        startQueues(device.features(), 0, 1, 2, 3, CONTROL);
    }

    private void offer(int queue) {
        memory.write(BUFFERS + queue, new byte[1]);
        assertThat(guests[queue].begin(1)).isTrue();
        guests[queue].writable(BUFFERS + queue, 1);
        guests[queue].offer(queue);
        guests[queue].publish();
        events[queue].kick().signal();
    }

    private int answer(int queue) throws InterruptedException {
        eventually(guests[queue]::hasUsed);
        assertThat(guests[queue].reap()).isNotNegative();
        byte[] mark = new byte[1];
        memory.read(BUFFERS + queue, mark);
        return mark[0];
    }

    /** Sends a command in buffers of these bytes each, and reads what comes back; -1: nothing. */
    private int command(int queue, String... parts) throws InterruptedException {
        GuestDriver guest = guests[queue];
        long at = BUFFERS + 0x1000;
        long ack = BUFFERS + 0x800;
        memory.write(ack, new byte[] {-1});
        assertThat(guest.begin(parts.length + 1)).isTrue();
        for (String part : parts) {
            byte[] bytes = HexFormat.of().parseHex(part);
            memory.write(at, bytes);
            guest.readable(at, bytes.length);
            at += bytes.length;
        }
        guest.writable(ack, 1);
        guest.offer(9);
        guest.publish();
        events[queue].kick().signal();
        eventually(guest::hasUsed);
        assertThat(guest.reap()).isNotNegative();
        assertThat(guest.written()).isEqualTo(1);
        byte[] status = new byte[1];
        memory.read(ack, status);
        return status[0];
    }

    @Test
    void offersWhatTheBackendHasAndWhatIsServedHere() throws Exception {
        start("num_queues=4,mtu=9000");
        assertThat(device.isReady()).isFalse();
        serve(1);
        assertThat(device.queueCount()).isEqualTo(QUEUES);
        assertThat(device.features())
                .isEqualTo(RING
                        | OWN
                        | NetLayout.F_CSUM
                        | NetLayout.F_GUEST_CSUM
                        | NetLayout.F_GUEST_TSO4
                        | NetControlLayout.F_HOST_UFO
                        | NetLayout.F_MRG_RXBUF);
        assertThat(device.configSize()).isEqualTo(17);
        assertThat(device.readConfig(0, 4)).as("mac").isEqualTo(0x12005452L);
        assertThat(device.readConfig(4, 2)).as("mac").isEqualTo(0x5634);
        assertThat(device.readConfig(6, 2)).as("link up").isEqualTo(1);
        assertThat(device.readConfig(8, 2)).as("pairs").isEqualTo(2);
        assertThat(device.readConfig(10, 2)).as("mtu").isEqualTo(9000);
        assertThat(device.readConfig(12, 4)).as("speed: unknown").isEqualTo(0xFFFF_FFFFL);
        assertThat(device.readConfig(16, 1)).as("duplex: full").isEqualTo(1);
        assertThat(device.readConfig(16, 8)).as("beyond its end").isEqualTo(1);
        device.acknowledge(device.features());
        eventually(() -> net.negotiated != 0);
        assertThat(net.negotiated & (OWN | NetLayout.F_MRG_RXBUF))
                .as("the back-end hears of what it has, and not of what is served here")
                .isEqualTo(NetLayout.F_MQ | NetLayout.F_MRG_RXBUF);
    }

    @Test
    void offersNoOffloadThatIsSwitchedOff() throws Exception {
        start("offload_tso=off,offload_ufo=off,offload_csum=off");
        serve(1);
        assertThat(device.features())
                .isEqualTo(RING | OWN & ~NetLayout.F_MQ & ~NetLayout.F_MTU | NetLayout.F_MRG_RXBUF);
    }

    /** virtio 1.3, 5.1.6.5.5: one pair is in use until the driver says otherwise. */
    @Test
    void usesAsManyPairsAsTheDriverAsksFor() throws Exception {
        live();
        offer(0);
        offer(1);
        offer(2);
        offer(3);
        assertThat(answer(0)).isEqualTo(1);
        assertThat(answer(1)).isEqualTo(1);
        Thread.sleep(50);
        assertThat(guests[2].hasUsed() || guests[3].hasUsed())
                .as("the second pair stands still")
                .isFalse();
        assertThat(command(CONTROL, "0400", "0200")).isEqualTo(NetControlLayout.OK);
        assertThat(answer(2)).isEqualTo(1);
        assertThat(answer(3)).isEqualTo(1);
        assertThat(command(CONTROL, "0400", "0100")).isEqualTo(NetControlLayout.OK);
        device.stopQueue(1).toCompletableFuture().get(10, TimeUnit.SECONDS); // answered after what was asked before
        offer(2);
        Thread.sleep(50);
        assertThat(guests[2].hasUsed()).isFalse();
    }

    @Test
    void answersWithoutABackendAndItsSuccessorUsesThePairsThatWereAskedFor() throws Exception {
        live();
        backend.close();
        eventually(() -> device.state().phase() != Phase.CONNECTED);
        assertThat(command(CONTROL, "0400", "0200")).isEqualTo(NetControlLayout.OK);
        offer(0);
        offer(3);
        serve(2);
        assertThat(answer(0)).isEqualTo(2);
        assertThat(answer(3)).isEqualTo(2);
        assertThat(told)
                .as("buffers that were waiting are no reason for a reset")
                .containsOnly("config");
    }

    @Test
    void asksTheDriverToAnnounceItselfWhereASuccessorTakesOver() throws Exception {
        live();
        assertThat(device.readConfig(6, 2)).isEqualTo(1);
        backend.close();
        serve(2);
        eventually(() -> told.contains("config"));
        assertThat(device.readConfig(6, 2)).isEqualTo(NetLayout.S_LINK_UP | NetControlLayout.S_ANNOUNCE);
        assertThat(command(CONTROL, "0300")).isEqualTo(NetControlLayout.OK);
        assertThat(device.readConfig(6, 2)).isEqualTo(NetLayout.S_LINK_UP);
    }

    @Test
    void takesAnotherAddressUntilItIsReset() throws Exception {
        live();
        assertThat(command(CONTROL, "0101", "020000", "0000", "07")).isEqualTo(NetControlLayout.OK);
        assertThat(device.readConfig(0, 4)).isEqualTo(2);
        assertThat(device.readConfig(4, 2)).isEqualTo(0x0700);
        assertThat(command(CONTROL, "0400", "0200")).isEqualTo(NetControlLayout.OK);
        device.reset().toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertThat(device.readConfig(0, 4)).isEqualTo(0x12005452L);
        startQueues(device.features(), 0, 1, 2, 3, CONTROL);
        offer(2);
        offer(0);
        assertThat(answer(0)).isEqualTo(1);
        Thread.sleep(50);
        assertThat(guests[2].hasUsed()).as("one pair again").isFalse();
    }

    private boolean goesBy(long offloads) {
        return (net.negotiated & NetControlLayout.SWITCHABLE) == offloads;
    }

    /** virtio 1.3, 5.1.6.5.6: at once, under traffic, with a successor, and no longer once it is reset. */
    @Test
    void switchesItsOffloadsOffAndOn() throws Exception {
        live();
        assertThat(goesBy(NetLayout.F_GUEST_CSUM | NetLayout.F_GUEST_TSO4)).isTrue();
        for (int i = 0; i < 20; i++) {
            offer(0);
            offer(1);
            boolean on = i % 2 == 1;
            assertThat(command(CONTROL, "0500", on ? "8200000000000000" : "0200000000000000"))
                    .isEqualTo(NetControlLayout.OK);
            eventually(() -> goesBy(NetLayout.F_GUEST_CSUM | (on ? NetLayout.F_GUEST_TSO4 : 0)));
            assertThat(answer(0)).isEqualTo(1);
            assertThat(answer(1)).isEqualTo(1);
        }
        assertThat(command(CONTROL, "0500", "0000000000000000")).isEqualTo(NetControlLayout.OK);
        eventually(() -> goesBy(0));
        offer(0);
        assertThat(answer(0)).isEqualTo(1);
        backend.close();
        offer(1);
        serve(2);
        assertThat(answer(1)).isEqualTo(2);
        assertThat(goesBy(0)).isTrue();
        device.reset().toCompletableFuture().get(10, TimeUnit.SECONDS);
        startQueues(device.features(), 0, 1, 2, 3, CONTROL);
        assertThat(goesBy(NetLayout.F_GUEST_CSUM | NetLayout.F_GUEST_TSO4)).isTrue();
        assertThat(told).containsOnly("config");
    }

    /** A guest that powers off, or whose driver goes, does not wait for a back-end that has died. */
    @Test
    void isResetWithoutABackendAndWorksWithTheNext() throws Exception {
        live();
        backend.close();
        eventually(() -> device.state().phase() != Phase.CONNECTED);
        device.reset().toCompletableFuture().get(5, TimeUnit.SECONDS);
        serve(2);
        startQueues(device.features(), 0, 1, 2, 3, CONTROL);
        offer(0);
        assertThat(answer(0)).isEqualTo(2);
    }

    /** virtio 1.3, 5.1.2: without VIRTIO_NET_F_MQ there is one pair, and the control queue follows it. */
    @Test
    void theControlQueueFollowsThePairsThatWereNegotiated() throws Exception {
        start("num_queues=4");
        serve(1);
        startQueues(device.features() & ~NetLayout.F_MQ, 0, 1, 2);
        assertThat(command(2, "0000", "01")).isEqualTo(NetControlLayout.OK);
        assertThat(command(2, "0400", "0100")).as("MQ was not taken").isEqualTo(NetControlLayout.ERR);
        assertThatThrownBy(() -> startQueues(device.features() & ~NetLayout.F_MQ, 3))
                .hasMessageContaining("queue 3 does not exist");
    }

    @ParameterizedTest
    @CsvSource({
        "0000 01, 0, promiscuous",
        "0001 00, 0, no groups",
        "00 0101, 0, split inside the header",
        "0000 02, 1, neither on nor off",
        "0000, 1, no mode",
        "0000 0100, 1, too long",
        "0002 01, 1, CTRL_RX_EXTRA was not offered",
        "0100 00000000 00000000, 0, no addresses",
        "0100 01000000 525400123456 01000000 01005e000001, 0, one of each",
        "0100 01000000525400123456 01 000000 01005e000001, 0, split inside a count",
        "0100 01000000 525400123456 02000000 01005e000001, 1, a table that is cut",
        "0100 01000000 525400123456, 1, one table only",
        "0100 00000000 00000000 00, 1, something behind",
        "0100 ffffffff 00000000, 1, a count beyond all memory",
        "0100, 1, no tables",
        "0101 5254001234, 1, a short address",
        "0101 525400123456 00, 1, a long one",
        "0101 01005e000001, 1, a group's",
        "0101 000000000000, 1, nobody's",
        "0102 00, 1, unknown command",
        "0200 0000, 1, VLANs were not offered",
        "0300 00, 1, an acknowledgement with data",
        "0301, 1, unknown command",
        "0400 0000, 1, no pair",
        "0400 0300, 1, more pairs than there are",
        "0400 01, 1, a byte short",
        "0400 010000, 1, a byte long",
        "0401 00, 1, hashing was not offered",
        "0500 0000000000000000, 0, no offloads",
        "0500 82000000 00000000, 0, all that were taken",
        "0500 0001000000000000, 1, TSO6 was not offered",
        "0500 0100000000000000, 1, CSUM is not the driver's own",
        "0500 0000000000000080, 1, unknown",
        "0500 00000000000000, 1, a byte short",
        "0500 000000000000000000, 1, a byte long",
        "0501 0000000000000000, 1, unknown command",
        "ff00, 1, unknown class",
        "04, 1, no command"
    })
    void answersEveryCommandAndRefusesWhatCannotBe(String bytes, int ack, String what) throws Exception {
        live();
        assertThat(command(CONTROL, bytes.split(" "))).as(what).isEqualTo(ack);
        assertThat(command(CONTROL, "0400", "0100")).as("and goes on").isEqualTo(NetControlLayout.OK);
        assertThat(told).isEmpty();
    }

    @Test
    void aCommandThatLeavesNoRoomForAnAnswerHasNoEffect() throws Exception {
        live();
        GuestDriver guest = guests[CONTROL];
        memory.write(BUFFERS, HexFormat.of().parseHex("0101020000000007"));
        assertThat(guest.begin(1)).isTrue();
        guest.readable(BUFFERS, 8);
        guest.offer(1);
        guest.publish();
        events[CONTROL].kick().signal();
        eventually(guest::hasUsed);
        assertThat(guest.reap()).isNotNegative();
        assertThat(guest.written()).isZero();
        assertThat(device.readConfig(0, 4)).isEqualTo(0x12005452L);
    }

    @Test
    void refusesABackendWithTooFewPairs() throws Exception {
        start("num_queues=4");
        backend = Backend.listen(
                linux,
                socket(),
                new AnsweringNet(1, 1),
                BackendOptions.defaults().withLog(line -> {}));
        eventually(() -> device.state().phase() == Phase.FAILED);
        assertThat(device.state().reason()).contains("pairs of queues=1 wanted=2");
    }

    // ---- the VMM listens ----------------------------------------------------------------------------------------

    private Backend comes(int mark) {
        Fd connected = linux.sockets().connect(socket());
        net = new AnsweringNet(mark, 4);
        return Backend.listen(linux, connected, net, BackendOptions.defaults().withLog(line -> {}));
    }

    @Test
    void takesABackendThatConnectsAndTheNextWhenItHasGone() throws Exception {
        try (Fd stale = linux.sockets().listen(socket(), 1)) {
            assertThat(stale.isOpen()).isTrue();
        }
        assertThat(Path.of(socket())).as("left behind").exists();
        ListeningSource source = new ListeningSource(linux, socket());
        start("num_queues=4,mtu=9000", source);
        eventually(() -> device.state().reason().contains("EAGAIN"));
        backend = comes(1);
        eventually(() -> device.state().phase() == Phase.CONNECTED);
        startQueues(device.features(), 0, 1, 2, 3, CONTROL);
        offer(0);
        assertThat(answer(0)).isEqualTo(1);
        backend.close();
        backend = comes(2);
        offer(1);
        assertThat(answer(1)).isEqualTo(2);
        device.close();
        device = null;
        source.close();
        assertThat(Path.of(socket())).doesNotExist();
    }

    @Test
    void leavesAPathAloneThatIsSomebodyElses() throws Exception {
        Files.writeString(Path.of(socket()), "precious");
        ListeningSource source = new ListeningSource(linux, socket());
        start("num_queues=2", source);
        eventually(() -> device.state().phase() == Phase.FAILED);
        assertThat(device.state().reason()).contains("somebody else's").contains(socket());
        Files.delete(Path.of(socket()));
        try (Fd other = linux.sockets().listen(socket(), 1)) {
            assertThatThrownBy(new ListeningSource(linux, socket())::connect)
                    .hasMessageContaining("remove it, or choose another path");
            assertThat(linux.sockets().tryAccept(other))
                    .as("asked whether it listens")
                    .isPresent();
        }
        source.close();
        assertThat(Path.of(socket())).as("was never ours").exists();
    }
}
