package ringfence.it.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** What every test of a guest relies on. */
@OnKvmHost
class KvmHostTest {
    private static final Duration SOON = Duration.ofSeconds(60);

    @Test
    void tellsOutputErrorAndStatusApart(KvmHost host) {
        Outcome outcome = host.run(SOON, Command.script("echo out; echo err >&2; exit 3"));
        assertThat(outcome.out()).isEqualTo("out\n");
        assertThat(outcome.err()).isEqualTo("err\n");
        assertThat(outcome.status()).isEqualTo(3);
    }

    @Test
    void feedsAProgramWhileItRuns(KvmHost host) {
        try (Program program = host.start(Command.script("while read -r line; do echo \"got $line\"; done"))) {
            program.feed("one\n");
            program.out().await("^got one$", SOON);
            program.feed("two\n");
            program.out().await("^got two$", SOON);
            program.endInput();
            assertThat(program.await(SOON).status()).isZero();
        }
    }

    @Test
    void reportsTheSignalThatEndedAProgram(KvmHost host) {
        try (Program program = host.start(Command.of("sleep", "100"))) {
            assertThat(program.pid()).isPositive();
            program.signal(9);
            assertThat(program.await(SOON).status()).isEqualTo(128 + 9);
        }
    }

    @Test
    void keepsWhatAProgramSaysBeforeItObeysASignal(KvmHost host) {
        try (Program program =
                host.start(Command.script("trap 'echo bye; exit 5' TERM; echo up; while :; do sleep 0.1; done"))) {
            program.out().await("^up$", SOON);
            program.signal(15);
            Outcome outcome = program.await(SOON);
            assertThat(outcome.out()).isEqualTo("up\nbye\n");
            assertThat(outcome.status()).isEqualTo(5);
        }
    }

    @Test
    void saysWhyAProgramCannotStart(KvmHost host) {
        assertThatThrownBy(() -> host.run("no-such-program"))
                .isInstanceOf(LabException.class)
                .hasMessageContaining("no-such-program");
    }

    @Test
    void saysWhatItSawWhenATimeRunsOut(KvmHost host) {
        try (Program program = host.start(Command.script("echo seen; sleep 100"))) {
            program.out().await("^seen$", SOON);
            assertThatThrownBy(() -> program.out().await("unseen", Duration.ofMillis(10)))
                    .hasMessageContaining("'unseen'")
                    .hasMessageContaining("seen\n");
        }
    }

    @Test
    void movesFilesUnchanged(KvmHost host) {
        byte[] bytes = new byte[3_000_000];
        new Random(1).nextBytes(bytes);
        String path = host.places().scratch() + "/moved";
        host.write(path, bytes);
        assertThat(host.read(path)).isEqualTo(bytes);
        host.run("rm", path);
    }

    @Test
    void hasGuestsAndAnExt4FileSystem(KvmHost host) {
        String scratch = host.places().scratch();
        host.run("test", "-s", host.places().kernel("6.12", "vmlinux"));
        host.run("dd", "if=/dev/zero", "of=" + scratch + "/direct", "bs=4096", "count=1", "oflag=direct");
        host.run("rm", scratch + "/direct");
    }

    @Test
    void hasAKvmThatIsHeldOpen(KvmHost host) {
        host.run("test", "-w", "/dev/kvm");
    }
}
