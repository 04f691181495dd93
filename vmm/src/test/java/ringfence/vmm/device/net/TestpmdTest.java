package ringfence.vmm.device.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.memory.RamOptions;
import ringfence.virtio.Feature;
import ringfence.virtio.NetControlLayout;
import ringfence.virtio.NetLayout;
import ringfence.vmm.device.remote.ListeningSource;
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
    private static final int FRAMES = 200;
    private static final String TO = "525400123456";
    private static final String FROM = "020000000002";

    @TempDir
    Path directory;

    private final Linux linux = Linux.system();
    private DrivenNet net;
    private Process daemon;

    @BeforeEach
    void isThere() throws Exception {
        Process asked = new ProcessBuilder(PROGRAM, "--have").start();
        assumeTrue(asked.waitFor() == 0, "no testpmd, see packaging/testpmd");
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "dpdk-testpmd needs two processors");
    }

    @AfterEach
    void closes() throws Exception {
        if (net != null) {
            net.close();
        }
        if (daemon != null) {
            daemon.destroyForcibly().waitFor();
        }
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
        net = new DrivenNet("mac=52:54:00:00:00:02,mtu=9000", 2, source, RamOptions.DEFAULT);
    }

    private void connected(int after) throws Exception {
        long start = System.nanoTime();
        while (!net.isConnected(after)) {
            assertThat(System.nanoTime() - start)
                    .as("%s %s", net.device().state(), Files.readString(directory.resolve("testpmd.log")))
                    .isLessThan(30_000_000_000L);
            Thread.sleep(1);
        }
    }

    private void comeBack(int pair) {
        net.untilOneArrives(pair, net, TO, FROM);
        for (int i = 0; i < FRAMES; i++) {
            net.send(pair, TO, FROM, i);
            assertThat(net.receive(pair, TO, FROM, 10_000_000_000L)).isEqualTo(i);
        }
    }

    @Test
    void packetsPassThroughDpdkAndItsSuccessor() throws Exception {
        device(SocketSource.path(linux, socket().toString()));
        daemon(false);
        connected(-1);
        net.drive(TAKEN);
        comeBack(0);
        net.usePairs(2);
        comeBack(1);
        comeBack(0);
        daemon.destroyForcibly().waitFor();
        daemon(false);
        connected(0);
        comeBack(0);
        comeBack(1);
        net.device().reset().toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertThat(net.troubles()).isEmpty();
    }

    @Test
    void packetsPassThroughDpdkWhereTheVmmListens() throws Exception {
        try (ListeningSource source = new ListeningSource(linux, socket().toString())) {
            device(source);
            daemon(true);
            connected(-1);
            net.drive(TAKEN);
            comeBack(0);
            daemon.destroyForcibly().waitFor();
            daemon(true);
            connected(0);
            comeBack(0);
            assertThat(net.troubles()).isEmpty();
            net.close();
            net = null;
        }
    }
}
