package ringfence.net.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.net.Frames;
import ringfence.net.NetVm;
import ringfence.net.engine.NetOptions;
import ringfence.telemetry.CountersReading;
import ringfence.telemetry.PortOwner;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.BackendSocket;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.FrontendOptions;
import ringfence.vhostuser.link.PeerException;
import ringfence.vhostuser.link.SocketLock;

/** A switch at one socket, of which each connection is a port. */
@Timeout(60)
class SharedSocketTest {
    private static final int RX = 0;
    private static final int TX = 1;
    private static final int PORTS = 3;

    private final Linux linux = Linux.system();
    private final List<String> log = new CopyOnWriteArrayList<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    @TempDir
    Path directory;

    @AfterEach
    void closeAll() throws Exception {
        Collections.reverse(open);
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private String socket() {
        return directory.resolve("socket").toString();
    }

    private Service service(Optional<Duration> unused, OptionalInt lock) {
        NetSpec.Seat seat = new NetSpec.Seat(
                new BackendSocket(Optional.of(socket()), OptionalInt.empty()),
                new NetOptions(8, 256, Optional.empty()));
        NetSpec spec = new NetSpec(
                Collections.nCopies(PORTS, seat),
                Optional.of(new NetSpec.Shared(unused, lock)),
                new NetSpec.Switching(Optional.empty(), false, 1),
                OptionalInt.empty(),
                new HostSide(Optional.empty(), Optional.empty()),
                Optional.of(directory.resolve("counters")),
                Optional.empty());
        Service service = Service.open(linux, spec, BackendOptions.defaults().withLog(log::add), line -> {});
        open.add(service);
        return service;
    }

    /** A guest that has made itself known: it is at a port now. */
    private NetVm guest(int address) {
        return guest(address, linux.sockets().connect(socket()));
    }

    private NetVm guest(int address, String name) {
        return guest(address, linux.sockets().connect(socket(), name));
    }

    private NetVm guest(int address, Fd connection) {
        NetVm vm = new NetVm(linux, connection, -1);
        open.add(vm);
        vm.startPair(0);
        vm.post(RX, 100, 1526);
        vm.send(TX, new byte[NetVm.HEADER], frame(address, 255), 4096);
        return vm;
    }

    private static byte[] frame(int from, int to) {
        byte[] frame = Frames.plain(60, from);
        for (int i = 0; i < 6; i++) {
            frame[i] = (byte) (to == 255 ? 255 : i == 0 ? 2 : i == 5 ? to : 0);
            frame[6 + i] = (byte) (i == 0 ? 2 : i == 5 ? from : 0);
        }
        return frame;
    }

    private static void talk(NetVm one, int from, NetVm other, int to) {
        one.send(TX, new byte[NetVm.HEADER], frame(from, to), 4096);
        assertThat(other.receive(RX).frame()).isEqualTo(frame(from, to));
    }

    private void refused() {
        try (Fd socket = linux.sockets().connect(socket());
                Frontend frontend = Frontend.over(linux, socket, FrontendOptions.defaults())) {
            assertThatThrownBy(() -> frontend.hello(0)).isInstanceOf(PeerException.class);
        }
    }

    @Test
    void everyConnectionIsAPortAndGivesItBack() throws Exception {
        service(Optional.empty(), OptionalInt.empty());
        NetVm one = guest(1);
        NetVm two = guest(2);
        assertThat(one.receive(RX).frame()).isEqualTo(frame(2, 255));
        talk(one, 1, two, 2);
        talk(two, 2, one, 1);
        NetVm three = guest(3);
        assertThat(one.receive(RX).frame()).isEqualTo(two.receive(RX).frame()).isEqualTo(frame(3, 255));
        refused();
        refused();
        assertThat(log).containsExactly("a front-end is turned away: all 3 seats are taken");
        for (int i = 0; i < 5; i++) { // comes again as soon as it has left, with its queues still running
            two.frontend.close();
            two = guest(2);
            assertThat(one.receive(RX).frame())
                    .isEqualTo(three.receive(RX).frame())
                    .isEqualTo(frame(2, 255));
            talk(three, 3, two, 2);
        }
        refused();
        assertThat(log).hasSize(2);
    }

    /** What the second of a port counts is added to what the first has counted. */
    @Test
    void countersAreThePortsNotTheConnections() {
        service(Optional.empty(), OptionalInt.empty());
        for (int i = 0; i < 4; i++) {
            guest(1).frontend.close();
        }
        NetVm.until(() -> chains() == 4);
    }

    private long chains() {
        return chains("net0");
    }

    private long chains(String owner) {
        return counted(owner).stream()
                .filter(value -> value.owner().endsWith("/q1") && value.label().equals("chains"))
                .mapToLong(CountersReading.Value::value)
                .sum();
    }

    private List<CountersReading.Value> counted(String owner) {
        return CountersReading.of(Linux.system(), "--counters", directory.resolve("counters"))
                .of(owner)
                .values();
    }

    private static String owner(String device) {
        return PortOwner.of(ProcessHandle.current().pid(), 7, device);
    }

    /** Also of the next daemon, whatever seat it gets there. */
    @Test
    void whoHasANameCountsByIt() {
        Service first = service(Optional.empty(), OptionalInt.empty());
        List<NetVm> guests = List.of(guest(1, owner("a")), guest(2, owner("b")));
        NetVm.until(() -> chains(owner("a")) == 1 && chains(owner("b")) == 1);
        first.close();
        guests.forEach(guest -> guest.frontend.close());
        service(Optional.empty(), OptionalInt.empty());
        guest(2, owner("b"));
        talk(guest(1, owner("a")), 1, guest(3, owner("c")), 3);
        NetVm.until(() -> chains(owner("a")) == 3 && chains(owner("b")) == 2 && chains(owner("c")) == 1);
    }

    @Test
    void itsCountersGoWhenItLeaves() {
        service(Optional.empty(), OptionalInt.empty());
        NetVm stays = guest(1, owner("a"));
        for (int i = 0; i < 4; i++) {
            NetVm leaves = guest(2, owner("b"));
            NetVm.until(() -> chains(owner("b")) == 1);
            leaves.frontend.close();
            NetVm.until(() -> counted(owner("b")).isEmpty());
        }
        talk(stays, 1, guest(2, owner("c")), 2);
        NetVm.until(() -> chains(owner("a")) == 2 && chains(owner("c")) == 1);
    }

    /** Nobody counts in the place of another process, and no two in one. */
    @Test
    void whoHasAnothersNameCountsAsThePort() {
        service(Optional.empty(), OptionalInt.empty());
        String another = PortOwner.of(1, 7, "a");
        guest(1, another);
        NetVm.until(() -> chains() == 1);
        assertThat(counted(another)).isEmpty();
        guest(2, owner("a"));
        guest(3, owner("a"));
        NetVm.until(() -> chains(owner("a")) == 1 && chains("net2") == 1);
    }

    @Test
    void itEndsWhenItHasBeenUnused() throws Exception {
        Service service = service(Optional.of(Duration.ofSeconds(1)), OptionalInt.empty());
        NetVm one = guest(1);
        Thread.sleep(1500);
        NetVm two = guest(2);
        assertThat(one.receive(RX).frame()).isEqualTo(frame(2, 255));
        talk(one, 1, two, 2);
        closeAll(); // the service last
        open.clear();
        Service again = service(Optional.of(Duration.ofSeconds(1)), OptionalInt.empty());
        again.await();
        assertThat(directory.resolve("socket")).doesNotExist();
        assertThat(service.hasFailed() || again.hasFailed()).isFalse();
        assertThat(log).containsExactly("no front-end for 1 s: it ends");
    }

    /** Who comes second is refused by the lock; a socket that a dead one has left is replaced by who has the lock. */
    @Test
    void oneAtATimeListens() {
        linux.sockets().listen(socket(), 1).close();
        service(Optional.empty(), OptionalInt.empty());
        NetVm one = guest(1);
        assertThatThrownBy(() -> service(Optional.empty(), OptionalInt.empty()))
                .hasMessageContaining("is in use")
                .hasMessageContaining("socket.lock");
        guest(2);
        assertThat(one.receive(RX).frame()).isEqualTo(frame(2, 255));
    }

    @Test
    void theLockMayBeWhoStartsUs() {
        try (SocketLock held = SocketLock.tryTake(linux, socket()).orElseThrow()) {
            assertThatThrownBy(() -> service(Optional.empty(), OptionalInt.empty()))
                    .hasMessageContaining("is in use");
            service(Optional.empty(), OptionalInt.of(held.file().number()));
        }
        assertThat(SocketLock.tryTake(linux, socket()))
                .as("is the service's now")
                .isEmpty();
        assertThatThrownBy(() -> service(Optional.empty(), OptionalInt.of(9999)))
                .hasMessageContaining("--lock-fd=9999");
    }
}
