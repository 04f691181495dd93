package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Seal;
import ringfence.vhostuser.InflightArea;
import ringfence.vhostuser.MemoryRegion;
import ringfence.vhostuser.MessageType;
import ringfence.vhostuser.Request;
import ringfence.virtio.queue.QueueState;

/** An attacker at the socket of a back-end: whatever it sends, the back-end drops it, leaks nothing, serves the next. */
@Timeout(120)
class HostileFrontendTest {
    private static final int[] DESCRIPTORS = {0, 1, 8, 9, 100, 253};

    private final Linux linux = Linux.system();
    private final List<String> log = new CopyOnWriteArrayList<>();
    private final List<Fd> mine = new ArrayList<>();

    @TempDir
    private Path directory;

    private String path;
    private ToyDevice device;
    private Backend backend;
    private long before;

    @BeforeEach
    void listen() {
        path = directory.resolve("s").toString();
        device = ToyDevice.prompt(linux, 2);
        backend = Backend.listen(linux, path, device, BackendOptions.defaults().withLog(log::add));
        healthy(); // everything that is loaded once is loaded
        quiet();
        before = Descriptors.open();
    }

    /** Every connection so far has been noticed to be over. */
    private void quiet() {
        Vm.until(() -> Collections.frequency(device.events, "disconnected")
                == backend.stats().connections());
    }

    @AfterEach
    void nothingLeaksAndTheNextIsServed() {
        mine.forEach(Fd::close);
        quiet();
        assertThat(Descriptors.open()).isEqualTo(before);
        healthy();
        quiet();
        assertThat(Descriptors.open()).isEqualTo(before);
        backend.close();
        assertThat(device.open).hasValue(0);
        assertThat(log).noneMatch(line -> line.contains("could not be served") || line.contains("ends:"));
    }

    private void healthy() {
        try (Vm vm = new Vm(linux).connect(connectWhenFree(), Vm.ALL)) {
            vm.start(QueueState.FRESH);
            vm.offer(1, 1, 5);
            assertThat(vm.answer()).isEqualTo(5);
        }
    }

    /** The one before may not have been noticed to be gone; then we are turned away. */
    private Fd connectWhenFree() {
        long served = backend.stats().connections();
        while (true) {
            Fd socket = linux.sockets().connect(path);
            long deadline = System.nanoTime() + 50_000_000;
            while (System.nanoTime() < deadline) {
                if (backend.stats().connections() > served) {
                    return socket;
                }
                Thread.onSpinWait();
            }
            socket.close();
        }
    }

    private Fd own(Fd fd) {
        mine.add(fd);
        return fd;
    }

    private RawPeer attacker() {
        RawPeer peer = new RawPeer(linux, own(connectWhenFree()));
        return peer.send(new Request.SetProtocolFeatures(Offers.protocolFeatures(device)))
                .send(new Request.SetFeatures(Offers.features(device)));
    }

    static Stream<Integer> codes() {
        return Stream.iterate(0, code -> code <= 64, code -> code + 1);
    }

    /** Security catalogue, rows 21 and 24: every number, sizes that fit and that do not, descriptors in every number. */
    @ParameterizedTest
    @MethodSource("codes")
    void anyMessageWithAnySizeAndAnyNumberOfDescriptors(int code) {
        MessageType type = MessageType.of(MessageType.Sender.FRONT_END, code).orElse(null);
        var sizes = new TreeSet<>(List.of(0, 8, 4084));
        if (type != null) {
            sizes.addAll(List.of(
                    Math.max(0, type.minPayload() - 1), type.minPayload(), type.maxPayload(), type.maxPayload() + 1));
        }
        EventFd event = linux.events().eventFd();
        own(event.fd());
        for (int size : sizes) {
            for (int count : DESCRIPTORS) {
                Fd[] fds = new Fd[count];
                Arrays.fill(fds, event.fd());
                try (RawPeer peer = attacker()) {
                    peer.send(code, 1, size, new byte[Math.min(size, 4084)], fds);
                    boolean wrong = type == null
                            || size < type.minPayload()
                            || size > type.maxPayload()
                            || count < type.minDescriptors()
                            || count > type.maxDescriptors();
                    if (wrong) {
                        assertThat(peer.isClosed())
                                .as("%s size=%d descriptors=%d", type, size, count)
                                .isTrue();
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {4085, 65536, Integer.MAX_VALUE, -1})
    void anOverlongPayloadIsNotWaitedFor(int size) {
        try (RawPeer peer = attacker()) {
            peer.send(2, 1, size, new byte[16]);
            assertThat(peer.isClosed()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 2, 3, 5, 0x11, 0x80000001})
    void flagsThatARequestCannotHave(int flags) {
        try (RawPeer peer = attacker()) {
            peer.send(1, flags, 0, new byte[0]);
            assertThat(peer.isClosed()).isTrue();
        }
    }

    @Test
    void messagesMayComeByteByByteOrTwoAtOnce() {
        try (RawPeer peer = attacker()) {
            byte[] one = {1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
            for (byte b : one) {
                peer.bytes(new byte[] {b});
            }
            assertThat(peer.receive(20)).hasSize(20);
            byte[] two = Arrays.copyOf(one, 24);
            System.arraycopy(one, 0, two, 12, 12);
            peer.bytes(two);
            assertThat(peer.receive(20)).hasSize(20);
            assertThat(peer.receive(20)).hasSize(20);
        }
    }

    @Test
    void descriptorsInTheMiddleOfAPayloadCount() {
        EventFd event = linux.events().eventFd();
        own(event.fd());
        try (RawPeer peer = attacker()) {
            peer.bytes(new byte[] {2, 0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0}).bytes(new byte[7], event.fd());
            assertThat(peer.isClosed()).isTrue();
        }
    }

    /** Row 25, and reference notes on what front-ends may hand in as kick, call and err. */
    @Test
    void whatIsNoEventfdIsNoKick() {
        List<Fd> kinds = List.of(
                own(linux.files().open("/dev/zero", OpenFlag.RDWR)),
                own(linux.files().open("/dev/null", OpenFlag.RDWR)),
                own(linux.files().open("/", OpenFlag.RDONLY, OpenFlag.DIRECTORY)),
                own(linux.files().open("/proc/self/exe", OpenFlag.PATH)),
                own(linux.memory().memfd("not an eventfd", 4096)),
                own(linux.events().timerFd()));
        for (int code : new int[] {12, 13, 14}) {
            for (Fd kind : kinds) {
                try (RawPeer peer = attacker()) {
                    peer.send(code, 1, 8, new byte[8], kind);
                    assertThat(peer.isClosed()).isTrue();
                }
            }
            try (RawPeer peer = attacker()) { // its own end of this very socket
                peer.send(code, 1, 8, new byte[8], peer.socket());
                assertThat(peer.isClosed()).isTrue();
            }
        }
        assertThat(backend.stats().lastDrop()).contains("not an eventfd");
    }

    /** Rows 25 to 27: memory that is none, too short, read-only, unaligned, overlapping. */
    @Test
    void whatIsNoSealedMemoryIsNoGuestMemory() {
        Fd sealed = own(linux.memory().memfd("sealed", 1 << 20));
        linux.memory().seal(sealed, Seal.SHRINK);
        Fd unsealed = own(linux.memory().memfd("unsealed", 1 << 20));
        Fd readOnly = own(linux.files().open("/proc/self/fd/" + sealed.number(), OpenFlag.RDONLY));
        MemoryRegion good = new MemoryRegion(0, 1 << 20, TestRam.USER, 0);
        refused(good, unsealed, "--allow-unsealed");
        refused(good, readOnly, "not open for reading and writing");
        refused(good, own(linux.files().open("/dev/zero", OpenFlag.RDWR)), "not a memfd");
        refused(good, own(linux.events().eventFd().fd()), "not a memfd");
        refused(new MemoryRegion(0, (1 << 20) + 1, 0, 0), sealed, "but the file has");
        refused(new MemoryRegion(0, 1L << 62, 0, 0), sealed, "but the file has");
        refused(new MemoryRegion(0, 4096, 0, 1 << 20), sealed, "but the file has");
        refused(new MemoryRegion(0, 4096, 0, 100), sealed, "not a multiple");
        try (RawPeer peer = attacker()) {
            peer.send(new Request.SetMemTable(List.of(good, new MemoryRegion(4096, 4096, 0, 0))), sealed, sealed);
            assertThat(peer.isClosed()).isTrue();
            assertThat(backend.stats().lastDrop()).contains("overlap");
        }
        try (RawPeer peer = attacker()) {
            peer.send(new Request.AddMemReg(good), sealed).send(new Request.AddMemReg(good), sealed);
            assertThat(peer.isClosed()).isTrue();
        }
        try (RawPeer peer = attacker()) {
            peer.send(new Request.RemMemReg(good));
            assertThat(peer.isClosed()).isTrue();
            assertThat(backend.stats().lastDrop()).contains("no such region");
        }
    }

    private void refused(MemoryRegion region, Fd fd, String reason) {
        try (RawPeer peer = attacker()) {
            peer.send(new Request.SetMemTable(List.of(region)), fd);
            assertThat(peer.isClosed()).isTrue();
            assertThat(backend.stats().lastDrop()).contains(reason);
        }
    }

    /** Row 23: each message again and again; no descriptor, no mapping stays. */
    @Test
    void repetitionHoldsNothing() throws IOException {
        Fd sealed = own(linux.memory().memfd("sealed", 1 << 20));
        linux.memory().seal(sealed, Seal.SHRINK);
        EventFd event = linux.events().eventFd();
        own(event.fd());
        MemoryRegion region = new MemoryRegion(0, 1 << 20, TestRam.USER, 0);
        try (RawPeer peer = attacker()) {
            long open = 0;
            long maps = 0;
            for (int i = 0; i < 2000; i++) {
                peer.send(new Request.SetMemTable(List.of(region)), sealed)
                        .send(new Request.SetVringCall(1, true), event.fd())
                        .send(new Request.SetVringKick(1, true), event.fd())
                        .send(new Request.SetVringErr(1, true), event.fd())
                        .send(new Request.SetVringNum(1, 64))
                        .send(new Request.GetInflightFd(new InflightArea(0, 0, 2, 128)));
                assertThat(peer.receive(36)).hasSize(36);
                peer.send(new Request.GetFeatures()); // when it is answered, the message before is done with
                assertThat(peer.receive(20)).hasSize(20);
                if (i == 10) {
                    open = Descriptors.open();
                    maps = mappings();
                }
            }
            assertThat(Descriptors.open()).isEqualTo(open);
            assertThat(mappings()).isEqualTo(maps);
        }
    }

    private static long mappings() throws IOException {
        try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
            return lines.filter(line -> line.contains("memfd:")).count();
        }
    }

    /** Row 30. */
    @Test
    void orderAbuse() {
        dropped("SET_VRING_NUM: queue", peer -> peer.send(new Request.SetVringNum(0, 2048)));
        dropped("queue 2 of a device with 2", peer -> peer.send(new Request.SetVringNum(2, 64)));
        dropped("for a split ring", peer -> peer.send(new Request.SetVringBase(0, 0x10000)));
        dropped("not offered", peer -> peer.send(new Request.SetFeatures(1L << 60)));
        dropped("not offered", peer -> peer.send(new Request.SetProtocolFeatures(1L << 60)));
        dropped("not offered", peer -> peer.send(new Request.GpuSetSocket(), peer.socket()));
        dropped("needs a feature", peer -> peer.send(new Request.PostcopyListen()));
        dropped("not a connected Unix socket", peer -> {
            Fd file = own(linux.memory().memfd("no socket", 4096));
            peer.send(new Request.SetBackendReqFd(), file);
        });
        try (RawPeer peer = new RawPeer(linux, own(connectWhenFree()))) {
            peer.send(new Request.SetVringEnable(0, true)); // before the features
            assertThat(peer.isClosed()).isTrue();
        }
        // a kick before everything else, and GET_VRING_BASE twice: legal, and no ring is touched
        EventFd event = linux.events().eventFd();
        own(event.fd());
        try (RawPeer peer = attacker()) {
            peer.send(new Request.SetVringKick(0, true), event.fd())
                    .send(new Request.SetVringEnable(0, true))
                    .send(new Request.GetVringBase(0))
                    .send(new Request.GetVringBase(0));
            assertThat(peer.receive(20)).hasSize(20);
            assertThat(peer.receive(20)).hasSize(20);
            assertThat(device.open).hasValue(0);
        }
    }

    @Test
    void whatARunningQueueStandsOnMayNotChange() {
        for (Request request : List.<Request>of(
                new Request.SetVringNum(0, 64),
                new Request.SetVringBase(0, 0),
                new Request.SetFeatures(0),
                new Request.SetProtocolFeatures(0))) {
            try (Vm vm = new Vm(linux).connect(connectWhenFree(), Vm.ALL)) {
                vm.start(QueueState.FRESH);
                RawPeer peer = new RawPeer(linux, vm.frontend.socket());
                peer.send(request);
                assertThat(peer.isClosed()).isTrue();
            }
        }
    }

    private void dropped(String reason, Consumer<RawPeer> abuse) {
        try (RawPeer peer = attacker()) {
            abuse.accept(peer);
            assertThat(peer.isClosed()).as(reason).isTrue();
            assertThat(backend.stats().lastDrop()).contains(reason);
        }
    }

    /** Row 29. */
    @Test
    void inflightRegionsThatLie() {
        Fd sealed = own(linux.memory().memfd("inflight", 1 << 16));
        linux.memory().seal(sealed, Seal.SHRINK);
        Fd unsealed = own(linux.memory().memfd("inflight", 1 << 16));
        Fd event = own(linux.events().eventFd().fd());
        dropped(
                "no F_SEAL_SHRINK",
                peer -> peer.send(new Request.SetInflightFd(new InflightArea(1 << 16, 0, 1, 64)), unsealed));
        dropped(
                "not a memfd",
                peer -> peer.send(new Request.SetInflightFd(new InflightArea(1 << 16, 0, 1, 64)), event));
        dropped(
                "but the file has",
                peer -> peer.send(new Request.SetInflightFd(new InflightArea(1 << 17, 0, 1, 64)), sealed));
        dropped("needed are", peer -> peer.send(new Request.SetInflightFd(new InflightArea(64, 0, 1, 64)), sealed));
        dropped(
                "needed are",
                peer -> peer.send(new Request.SetInflightFd(new InflightArea(1 << 16, 0, 255, 32768)), sealed));
        dropped(
                "65535 queues",
                peer -> peer.send(new Request.SetInflightFd(new InflightArea(1 << 16, 0, 65535, 65535)), sealed));
        dropped("GET_INFLIGHT_FD", peer -> peer.send(new Request.GetInflightFd(new InflightArea(0, 0, 3, 64))));
    }
}
