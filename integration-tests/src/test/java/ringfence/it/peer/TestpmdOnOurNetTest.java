package ringfence.it.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.it.dpdk.PortStatistics;
import ringfence.it.dpdk.Testpmd;
import ringfence.it.lab.Checkout;

/**
 * DPDK's testpmd drives our network daemon as a front-end would (driver virtio_user), natively. Its memory is not sealed,
 * hence {@code --allow-unsealed}. The other end of the tap is this host's own network stack.
 */
@Timeout(120)
class TestpmdOnOurNetTest {
    /** Of TEST-NET-2: this host is not there. */
    private static final String HOST = "198.51.100.1";

    private static final String GUEST = "198.51.100.2";
    private static final int DATAGRAMS = 5_000;
    private static final int AT_A_TIME = 100;
    private static final int KILLS = 3;
    private static final long PATIENCE_NANOS = 20_000_000_000L;

    @TempDir
    Path folder;

    private final Checkout checkout = Checkout.find();
    private final String tap = "rf" + ProcessHandle.current().pid();
    private Process daemon;

    @BeforeEach
    void isThere() throws Exception {
        assumeTrue(Testpmd.isThere(checkout), "no testpmd, see packaging/testpmd");
        assumeTrue(Files.isWritable(Path.of("/dev/net/tun")), "no taps");
        assumeTrue("root".equals(System.getProperty("user.name")), "taps are root's");
    }

    @AfterEach
    void ends() throws Exception {
        if (daemon != null) {
            daemon.destroyForcibly().waitFor();
        }
    }

    private void daemon(int pairs) throws Exception {
        List<String> command = new ArrayList<>();
        command.add(checkout.product().resolve("bin/vhost-user-net").toString());
        command.addAll(List.of("--socket-path=" + socket(), "--backend=tap=" + tap, "--queue-pairs=" + pairs));
        command.addAll(List.of("--ip=" + HOST + "/24", "--allow-unsealed", "-v"));
        daemon = new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("daemon.log").toFile())
                .start();
        until("the daemon listens", () -> Files.exists(socket()));
        Path ipv6 = Path.of("/proc/sys/net/ipv6/conf", tap, "disable_ipv6");
        if (Files.exists(ipv6)) { // else the kernel sends of its own accord, maybe when testpmd has stopped to look
            Files.writeString(ipv6, "1");
        }
    }

    private Path socket() {
        return folder.resolve("net.sock");
    }

    private Testpmd testpmd(int pairs, String more) throws Exception {
        String device = "net_virtio_user0,path=" + socket() + ",queue_size=512,queues=" + pairs + more;
        List<String> options = List.of("--rxq=" + pairs, "--txq=" + pairs);
        return Testpmd.start(checkout, folder.resolve("testpmd.log"), cores(), List.of(device), options);
    }

    private static String cores() {
        int last = Runtime.getRuntime().availableProcessors() - 1;
        return last == 0 ? "0" : "0-" + last;
    }

    private void until(String what, Callable<Boolean> condition) throws Exception {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.call()) {
            assertThat(System.nanoTime())
                    .as(
                            "%s; received %d, sent %d, dropped %d; %s",
                            what, kernel("rx_packets"), kernel("tx_packets"), kernel("tx_dropped"), log())
                    .isLessThan(deadline);
            Thread.sleep(1);
        }
    }

    private String log() throws IOException {
        return Files.readString(folder.resolve("daemon.log"));
    }

    /** One of the kernel's counters of the tap; what the guest sends is received there. */
    private long kernel(String counter) throws IOException {
        Path file = Path.of("/sys/class/net", tap, "statistics", counter);
        return Files.exists(file) ? Long.parseLong(Files.readString(file).strip()) : -1;
    }

    /** Ends the daemon. @return packets of all its queues in that direction, from the lines that it says then */
    private long packets(String direction) throws Exception {
        if (daemon.isAlive()) {
            daemon.destroy();
            assertThat(daemon.waitFor(10, TimeUnit.SECONDS)).isTrue();
            assertThat(daemon.exitValue()).as(log()).isZero();
        }
        Matcher lines = Pattern.compile("queue \\d+ \\(" + direction + " the guest\\): (\\d+) packets, \\d+ bytes\n")
                .matcher(log());
        long sum = 0;
        while (lines.find()) {
            sum += Long.parseLong(lines.group(1));
        }
        return sum;
    }

    /** The kernel resolves the guest's address and gets an echo: testpmd answers both. */
    private void answers(Testpmd guest) throws Exception {
        long before = kernel("rx_packets");
        guest.forward("icmpecho");
        until("an echo", () -> InetAddress.getByName(GUEST).isReachable(1000));
        guest.stop();
        assertThat(kernel("rx_packets")).as("it came from the tap").isGreaterThan(before);
    }

    /** Mergeable buffers or not; a packed ring, which we do not have, is asked for in vain. */
    @ParameterizedTest
    @CsvSource({"1, ''", "1, ',mrg_rxbuf=0'", "1, ',packed_vq=1'", "2, ''", "2, ',mrg_rxbuf=0,in_order=0'"})
    void framesGoBothWaysAndAllCountersAgree(int pairs, String more) throws Exception {
        daemon(pairs);
        PortStatistics seen;
        long fromHost;
        long toHost;
        try (Testpmd guest = testpmd(pairs, more)) {
            answers(guest);
            guest.forward("txonly");
            Thread.sleep(300); // a flood: as fast as it can, whatever the host can take
            guest.stop();
            answers(guest);
            allIsWithTheKernel(guest); // or the flood's last frames would count for datagrams that come back
            guest.forward("io"); // what comes is sent back
            datagrams();
            guest.stop();
            allIsWithTheKernel(guest);
            seen = guest.statistics(0);
            fromHost = kernel("tx_packets");
            toHost = kernel("rx_packets");
            assertThat(kernel("rx_dropped") + seen.lost()).as("lost frames").isZero();
        }
        assertThat(seen.sent()).isGreaterThan(DATAGRAMS).isEqualTo(toHost).isEqualTo(packets("from"));
        assertThat(seen.received()).isGreaterThan(DATAGRAMS).isEqualTo(fromHost).isEqualTo(packets("to"));
        assertThat(log()).doesNotContain("dropped");
    }

    private void allIsWithTheKernel(Testpmd guest) throws Exception {
        until(
                "all is with the kernel",
                () -> kernel("rx_packets") >= guest.statistics(0).sent());
    }

    /** The guest's address is resolved already. From several ports, so that several queues get some; no more at a time than the tap and the rings hold. */
    private void datagrams() throws Exception {
        byte[] bytes = new byte[100];
        InetAddress guest = InetAddress.getByName(GUEST);
        List<DatagramSocket> sockets = new ArrayList<>();
        long before = kernel("rx_packets");
        try {
            for (int i = 0; i < 8; i++) {
                sockets.add(new DatagramSocket(0, InetAddress.getByName(HOST)));
            }
            for (int i = 0; i < DATAGRAMS; i++) {
                sockets.get(i % sockets.size()).send(new DatagramPacket(bytes, bytes.length, guest, 9));
                if (i % AT_A_TIME == AT_A_TIME - 1) {
                    long back = before + i + 1;
                    until("they come back", () -> kernel("rx_packets") >= back);
                }
            }
        } finally {
            sockets.forEach(DatagramSocket::close);
        }
    }

    @Test
    void aFrontEndThatIsKilledUnderAFloodIsFollowedByTheNext() throws Exception {
        daemon(2);
        for (int i = 0; i < KILLS; i++) {
            Testpmd guest = testpmd(2, "");
            try {
                answers(guest);
                guest.forward("txonly");
                long before = kernel("rx_packets");
                until("a flood", () -> kernel("rx_packets") > before + 10_000);
            } finally {
                guest.kill();
            }
            assertThat(daemon.isAlive()).as(log()).isTrue();
        }
        try (Testpmd guest = testpmd(1, "")) { // one pair of two: the other's queues are never set up
            answers(guest);
        }
        assertThat(packets("from")).isGreaterThan(KILLS * 10_000);
    }
}
