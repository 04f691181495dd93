package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.Outcome;
import ringfence.it.lab.TinyKernel;

/**
 * The VMM on a pseudo-terminal, which is raw while the guest runs and as before afterwards, whatever ends it. The kernel
 * is one of a few instructions, so any KVM will do.
 */
class TerminalTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    /** Arguments: the signal to send once the terminal is raw, or "none"; the VMM's command. */
    private static final String SESSION = """
        signal=$1
        shift
        before=$(stty -g)
        echo "before $before"
        if [ "$signal" != none ]; then
            (
                n=0
                while stty -a </dev/tty | grep -q ' icanon'; do
                    n=$((n + 1))
                    [ $n -lt 500 ] || exit 1
                    sleep 0.1
                done
                printf '\\nraw %s\\n' "$(stty -g </dev/tty)"
                kill -"$signal" "$(cat pid)"
            ) &
        fi
        # nohup, and a shell's "&", let tests inherit ignored signals, which a VMM rightly goes on ignoring
        sh -c 'echo $$ >pid; exec env --default-signal "$@"' sh "$@"
        printf '\\nstatus %s\\n' "$?"
        echo "after $(stty -g)"
        wait
        """;

    @TempDir
    Path directory;

    @BeforeEach
    void needsKvm() throws IOException {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Files.writeString(directory.resolve("session"), SESSION);
        Files.write(directory.resolve("halts"), TinyKernel.halting());
        Files.write(directory.resolve("off"), TinyKernel.poweringOff());
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT", "HUP"})
    void isGivenBackAfterASignal(String signal) {
        Outcome outcome = session(signal, "--kernel halts --serial tty --console off");
        String before = word(outcome, "before");
        assertThat(word(outcome, "raw")).isNotEqualTo(before);
        assertThat(word(outcome, "after")).as(outcome.toString()).isEqualTo(before);
        assertThat(word(outcome, "status")).isEqualTo("0");
    }

    @Test
    void isGivenBackWhenTheGuestPowersOff() {
        Outcome outcome = session("none", "--kernel off --serial tty --console off");
        assertThat(word(outcome, "after")).as(outcome.toString()).isEqualTo(word(outcome, "before"));
        assertThat(word(outcome, "status")).isEqualTo("0");
    }

    /** What is wrong comes to light when the terminal is raw already: the file for the console. */
    @Test
    void isGivenBackAfterARefusal() {
        Outcome outcome = session("none", "--kernel halts --serial tty --console file=missing/file");
        assertThat(word(outcome, "after")).as(outcome.toString()).isEqualTo(word(outcome, "before"));
        assertThat(word(outcome, "status")).isEqualTo("2");
    }

    @ParameterizedTest
    @ValueSource(strings = {"TERM", "INT", "HUP"})
    void topGivesItBackAfterASignal(String signal) {
        Outcome outcome = run(signal, "ringfence top", "");
        assertThat(word(outcome, "raw")).isNotEqualTo(word(outcome, "before"));
        assertThat(word(outcome, "after")).as(outcome.toString()).isEqualTo(word(outcome, "before"));
        assertThat(outcome.out()).containsSubsequence("\u001b[?1049h", "\u001b[?1049l");
    }

    @Test
    void topGivesItBackAtAKey() {
        Outcome outcome = run("none", "ringfence top", "mkfifo keys; exec 3<>keys; (sleep 3; printf q >&3) & <&3 ");
        assertThat(word(outcome, "after")).as(outcome.toString()).isEqualTo(word(outcome, "before"));
        assertThat(word(outcome, "status")).isEqualTo("0");
        assertThat(outcome.out()).contains("sorted by exits", "\u001b[?25h\u001b[?1049l");
    }

    private Outcome session(String signal, String options) {
        return run(signal, "cloud-hypervisor " + options, "");
    }

    private Outcome run(String signal, String command, String typed) {
        Checkout checkout = Checkout.find();
        String words = "sh session " + signal + " " + checkout.product().resolve("bin") + "/" + command;
        Command session = new Command(
                List.of("sh", "-c", typed + "script -qec '" + words + "' /dev/null"),
                Map.of("RINGFENCE_ANY_KVM", "1"),
                directory.toString());
        try (KvmHost host = new LocalHost(checkout);
                var program = host.start(session)) {
            return program.await(SOON);
        }
    }

    private static String word(Outcome outcome, String key) {
        return outcome.out()
                .lines()
                .filter(line -> line.startsWith(key + " "))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no line '" + key + "' of: " + outcome))
                .substring(key.length() + 1)
                .strip();
    }
}
