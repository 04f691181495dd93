package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.linux.Interfaces;
import ringfence.linux.Linux;
import ringfence.sandbox.FilterMode;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.FrontendOptions;
import ringfence.vhostuser.link.PeerException;
import ringfence.vmm.supervise.DaemonBoxes;
import ringfence.vmm.supervise.DaemonCommand;
import ringfence.vmm.supervise.DescriptorStore;
import ringfence.vmm.supervise.SupervisedDaemon;

/**
 * A real network daemon under the VMM's supervision, killed: its tap, with what an administrator has done to it since, is its
 * successor's, and the frames that came for the guest meanwhile arrive.
 */
@Timeout(120)
class TapOutlivesDaemonTest {
    private static final String NAME = "rfheir0";
    private static final String HERE = "198.51.100.33";
    private static final String THERE = "198.51.100.34";
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(30);

    private final Linux linux = Linux.system();

    @TempDir
    Path folder;

    @BeforeEach
    void tapsCanBeMade() {
        Taps.assume(linux);
    }

    @AfterEach
    void nothingIsLeft() throws Exception {
        long deadline = System.nanoTime() + PATIENCE;
        while (ip("link", "show", NAME) == 0) {
            assertThat(System.nanoTime())
                    .as("the tap goes with whoever kept it")
                    .isLessThan(deadline);
            Thread.sleep(10);
        }
    }

    private static int ip(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(words));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        process.getInputStream().readAllBytes();
        return process.waitFor();
    }

    private DaemonCommand daemon(int pairs) {
        Path product = Checkout.find().product();
        Path program = product.resolve("bin/vhost-user-net");
        return new DaemonCommand(
                "_net0",
                Optional.empty(),
                program,
                List.of("--backend=tap=" + NAME, "--ip=" + HERE + "/30", "--queue-pairs=" + pairs, "-v"),
                DaemonBoxes.of(linux, product, FilterMode.TRUE).tap(program, true, Optional.empty()),
                List.of(),
                Optional.empty(),
                false);
    }

    @Test
    void theSuccessorServesTheSameTapAndWhatWaitsInIt() throws Exception {
        try (DescriptorStore store = new DescriptorStore(
                        linux, "_net0", folder.resolve("store").toString());
                SupervisedDaemon daemon = new SupervisedDaemon(linux, daemon(2), Optional.of(store), line -> {
                    throw new AssertionError(line);
                })) {
            Interfaces interfaces = new Interfaces(linux);
            int mtu;
            try (Frontend first = connected(daemon)) {
                // what somebody does to the interface once it is there
                mtu = interfaces.mtu(NAME) - 100;
                interfaces.mtu(NAME, mtu);
                assertThat(ip("addr", "replace", HERE + "/29", "dev", NAME)).isZero();
                assertThat(ip("neigh", "replace", THERE, "lladdr", "52:54:00:00:00:77", "dev", NAME))
                        .isZero();
                try (Card card = new Card(linux, first)) {
                    assertThat(card.nextPayload(() -> send("number 1"))).isEqualTo("number 1");
                    kill(daemon);
                }
            }
            send("while nobody served");
            try (Frontend second = connected(daemon)) {
                assertThat(daemon.starts()).isEqualTo(2);
                assertThat(interfaces.mtu(NAME)).isEqualTo(mtu);
                try (Card card = new Card(linux, second)) {
                    assertThat(card.nextPayload(() -> {})).isEqualTo("while nobody served");
                }
            }
        }
    }

    /** The unit that docs/network.md shows, run by a real systemd. */
    @Test
    void systemdKeepsItForTheSuccessor() throws Exception {
        assumeThat(linux.processes().effectiveUser() == 0 && SystemdUnit.isPossible())
                .as("root with systemd and control groups")
                .isTrue();
        Path home = Files.createDirectory(folder.resolve("home"));
        Map<String, String> replaced = Map.of(
                "/opt/ringfence/bin/vhost-user-net",
                Checkout.find().product().resolve("bin/vhost-user-net").toString(),
                "tap=vm0",
                "tap=" + NAME,
                "/run/net.sock",
                SystemdUnit.socketIn(home).toString());
        try (SystemdUnit unit = new SystemdUnit(home, "network.md", replaced)) {
            Interfaces interfaces = new Interfaces(linux);
            Set<Long> served = new HashSet<>();
            for (int round = 0; round < 3; round++) {
                try (Frontend frontend = connected(unit.socket());
                        Card card = new Card(linux, frontend)) {
                    String waits = "while nobody served, " + round;
                    if (round == 0) {
                        interfaces.mtu(NAME, 1400);
                        assertThat(ip("addr", "replace", HERE + "/30", "dev", NAME))
                                .isZero();
                        assertThat(ip("neigh", "replace", THERE, "lladdr", "52:54:00:00:00:77", "dev", NAME))
                                .isZero();
                        send(waits);
                    }
                    assertThat(card.nextPayload(() -> {})).isEqualTo(waits);
                    assertThat(interfaces.mtu(NAME)).isEqualTo(1400);
                    served.add(unit.kill().pid());
                }
                send("while nobody served, " + (round + 1));
            }
            assertThat(served).as("processes").hasSize(3);
        }
    }

    /** With whoever listens there next. */
    private Frontend connected(Path socket) throws InterruptedException {
        long deadline = System.nanoTime() + PATIENCE;
        while (true) {
            try {
                return greeted(Frontend.connect(linux, socket.toString(), FrontendOptions.defaults()));
            } catch (PeerException e) {
                if (System.nanoTime() > deadline) {
                    throw e;
                }
                Thread.sleep(10);
            }
        }
    }

    private Frontend connected(SupervisedDaemon daemon) {
        return greeted(Frontend.over(linux, daemon.connect(), FrontendOptions.defaults()));
    }

    private static Frontend greeted(Frontend frontend) {
        assertThat(frontend.hello(ProtocolFeature.mask(ProtocolFeature.MQ)).queues())
                .isEqualTo(4);
        return frontend;
    }

    private static void kill(SupervisedDaemon daemon) {
        ProcessHandle process =
                ProcessHandle.of(daemon.process().orElseThrow().pid()).orElseThrow();
        assertThat(process.destroyForcibly()).isTrue();
    }

    private static void send(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        try (DatagramSocket socket = new DatagramSocket()) {
            socket.send(new DatagramPacket(bytes, bytes.length, InetAddress.ofLiteral(THERE), 7));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
