package ringfence.it.peer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;

/**
 * A guest of our VMM, with its memory in huge pages, whose frames go to DPDK's testpmd. The commands are those of
 * docs/offload.md.
 */
@OnKvmHost
class TestpmdBehindOurGuestTest {
    private static final Pattern BLOCK =
            Pattern.compile("```sh\n(dpdk-testpmd [^`]*)```\n\n```sh\n(ringfence [^`]*)```");
    private static final Pattern MEMORY = Pattern.compile("--memory (\\S+)");
    private static final Pattern NET = Pattern.compile("--net (\\S+)");
    private static final int PAGES = 352; // of 2 MiB: the guest's 512 MiB, DPDK's 128 MiB, some more
    private static final String PAGES_FILE = "/proc/sys/vm/nr_hugepages";
    private static final String AVAILABLE =
            "awk '/HugePages_Free/ { free = $2 } /HugePages_Rsvd/ { print free - $2 }' /proc/meminfo";
    private static final Duration LONG = Duration.ofMinutes(3);

    private final String testpmd;
    private final String vmm;

    TestpmdBehindOurGuestTest() throws IOException {
        Matcher block = BLOCK.matcher(Files.readString(Checkout.find().root().resolve("docs/offload.md")));
        assertThat(block.find()).as("commands in docs/offload.md").isTrue();
        testpmd = block.group(1);
        vmm = block.group(2);
    }

    private static String option(String command, Pattern option) {
        Matcher found = option.matcher(command);
        assertThat(found.find()).as("%s in %s", option, command).isTrue();
        return found.group(1);
    }

    /** The guest gets its echoes, and gets them again from the next testpmd when that one was killed; it powers off without any. */
    @Test
    void aGuestsFramesComeBackFromTestpmdAndItsSuccessor(KvmHost host) {
        assumeTrue(has(host, "command -v dpdk-testpmd"), "no dpdk-testpmd there");
        String before = host.script("cat " + PAGES_FILE).text();
        try {
            assumeTrue(
                    has(
                            host,
                            "echo " + PAGES + " >" + PAGES_FILE + "; [ $(cat " + PAGES_FILE + ") -ge " + PAGES + " ]"),
                    "no " + PAGES + " huge pages there");
            inHugePages(host);
        } finally {
            host.script("echo " + before + " >" + PAGES_FILE);
        }
    }

    private static boolean has(KvmHost host, String script) {
        return host.run(LONG, Command.script(script)).status() == 0;
    }

    private void inHugePages(KvmHost host) {
        String place = host.script("mktemp -d \"$1/vm-XXXXXX\"", host.places().scratch())
                .text();
        try (Program first = testpmd(host, place);
                Guest guest = Guest.of(host, host.start(command(host, place)))) {
            guest.awaitReady();
            guest.text("ip addr add 198.51.100.2/24 dev eth0 && ip link set eth0 up");
            guest.text("ping -c 3 -W 20 198.51.100.1 && ping -c 3 -W 20 -s 1400 198.51.100.1");
            assertThat(host.script(AVAILABLE).text())
                    .as("of %d huge pages neither used nor reserved", PAGES)
                    .satisfies(free -> assertThat(Integer.parseInt(free)).isLessThan(PAGES - 256));
            first.signal(9);
            first.await(LONG);
            assertThat(guest.run("ping -c 1 -W 1 198.51.100.1").status())
                    .as("an echo without testpmd")
                    .isNotZero();
            try (Program second = testpmd(host, place)) {
                String tries = "n=0; until ping -c 1 -W 1 198.51.100.1; do n=$((n+1)); [ $n -lt 60 ] || exit 1; done";
                assertThat(guest.run(tries, LONG).status())
                        .as(
                                "an echo from its successor, which says: %s%s",
                                second.out().text(), second.err().text())
                        .isZero();
                guest.text("ping -c 3 -W 20 198.51.100.1");
                assertThat(second.isRunning()).isTrue();
            }
            assertThat(guest.complaints()).isEmpty();
            guest.powerOff().orThrow();
        } finally {
            host.run("rm", "-rf", place);
        }
    }

    private Program testpmd(KvmHost host, String place) {
        return host.start(Command.script("exec " + testpmd.replace("/run/vm", place)));
    }

    /** Our VMM as for any guest, with the memory and the card of the document. */
    private Command command(KvmHost host, String place) {
        Command usual = new Vmm.Ringfence().command(host, GuestSpec.kernel("6.1"));
        List<String> words = new ArrayList<>(usual.words());
        words.set(words.indexOf("--memory") + 1, option(vmm, MEMORY));
        words.addAll(List.of("--net", option(vmm, NET).replace("/run/vm", place)));
        return new Command(words, usual.environment(), usual.directory());
    }
}
