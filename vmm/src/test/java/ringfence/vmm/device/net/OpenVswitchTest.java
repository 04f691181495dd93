package ringfence.vmm.device.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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

/**
 * Open vSwitch with DPDK between two network devices of the VMM, which listen for it, with guest memory in huge pages. It
 * is set up by the commands of docs/offload.md.
 */
@Timeout(120)
class OpenVswitchTest {
    private static final Path COMMANDS = Path.of("../docs/offload.md");
    private static final Pattern BLOCK = Pattern.compile("```sh\n([^`]*\\bovs-vsctl add-br\\b[^`]*)```");
    private static final String PLACE = "/run/vm"; // of the sockets, there
    private static final int PAGES = 192; // of which DPDK takes most for its buffers
    private static final int PAGE = 2 << 20;
    private static final RamOptions HUGE = new RamOptions(PAGE, false, false, false);
    private static final long TAKEN = Feature.VERSION_1
            | NetLayout.F_MRG_RXBUF
            | NetLayout.F_MAC
            | NetLayout.F_STATUS
            | NetControlLayout.F_CTRL_VQ;
    private static final int FRAMES = 500;
    private static final String A = "525400000001";
    private static final String B = "525400000002";

    @TempDir
    Path directory;

    private final Linux linux = Linux.system();
    private HugePages pages;
    private OpenVswitch daemon;

    @BeforeEach
    void isThere() throws Exception {
        assumeTrue(OpenVswitch.isThere(), "no Open vSwitch with DPDK, see packaging/openvswitch");
        assumeTrue(OpenVswitch.mayStart(), "no network namespaces for this user");
        assumeTrue(Files.isWritable(Path.of("/dev/net/tun")), "no taps, of which a bridge is one");
        assumeTrue(Runtime.getRuntime().availableProcessors() > 1, "one processor would be the switch's own");
        pages = HugePages.free(PAGES);
    }

    @AfterEach
    void ends() throws Exception {
        if (daemon != null) {
            daemon.close();
        }
        if (pages != null) {
            pages.close();
        }
    }

    private String commands() throws Exception {
        Matcher block = BLOCK.matcher(Files.readString(COMMANDS));
        assertThat(block.find()).as("commands in %s", COMMANDS).isTrue();
        return block.group(1).replace(PLACE, directory.toString());
    }

    private void connected(DrivenNet net, int after) throws Exception {
        long start = System.nanoTime();
        while (!net.isConnected(after)) {
            assertThat(System.nanoTime() - start)
                    .as("%s%s", net.device().state(), daemon.log())
                    .isLessThan(30_000_000_000L);
            Thread.sleep(1);
        }
    }

    /**
     * One after the other, there and back. A front-end gives up on a back-end that does not answer in time, which Open
     * vSwitch may do where it has too little of the processors; then they are sent again.
     */
    private void pass(DrivenNet a, DrivenNet b) throws Exception {
        a.untilOneArrives(0, b, B, A);
        int before = a.reconnects() + b.reconnects();
        while (!allPass(a, b)) {
            int now = a.reconnects() + b.reconnects();
            assertThat(now).as("a frame is lost%s", daemon.log()).isGreaterThan(before);
            before = now;
            a.untilOneArrives(0, b, B, A);
        }
        assertThat(daemon.run("ovs-appctl", "--target=" + directory.resolve("switch.ctl"), "fdb/show", "br0"))
                .as("where the switch has seen whom")
                .contains("52:54:00:00:00:01")
                .contains("52:54:00:00:00:02");
    }

    private static boolean allPass(DrivenNet a, DrivenNet b) {
        for (int i = 0; i < FRAMES; i++) {
            b.send(0, A, B, i);
            if (a.receive(0, A, B, 5_000_000_000L) != i) {
                return false;
            }
            a.send(0, B, A, i + 1);
            if (b.receive(0, B, A, 5_000_000_000L) != i + 1) {
                return false;
            }
        }
        return true;
    }

    @Test
    void switchesFramesBetweenOurFrontEndsAndSoDoesItsSuccessor() throws Exception {
        daemon = new OpenVswitch(directory);
        try (ListeningSource atA =
                        new ListeningSource(linux, directory.resolve("a.sock").toString());
                ListeningSource atB =
                        new ListeningSource(linux, directory.resolve("b.sock").toString());
                DrivenNet a = new DrivenNet("mac=52:54:00:00:00:01", 1, atA, HUGE);
                DrivenNet b = new DrivenNet("mac=52:54:00:00:00:02", 1, atB, HUGE)) {
            daemon.start();
            daemon.run("sh", "-ec", commands());
            connected(a, -1);
            connected(b, -1);
            a.drive(TAKEN);
            b.drive(TAKEN);
            pass(a, b);
            int lastOfA = a.reconnects();
            int lastOfB = b.reconnects();
            daemon.kill();
            daemon.start();
            connected(a, lastOfA);
            connected(b, lastOfB);
            pass(a, b);
            assertThat(a.troubles()).isEmpty();
            assertThat(b.troubles()).isEmpty();
        }
    }
}
