package ringfence.keep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;

/** A daemon that waits to take over, and its supervisor. */
@Timeout(60)
class StandbyTest {
    private final Linux linux = Linux.system();
    private final Fd[] pair = linux.sockets().pair();
    private final Successor supervisor = new Successor(linux, pair[0]);
    private final CompletableFuture<Void> rehearsed = new CompletableFuture<>();

    @AfterEach
    void closes() {
        supervisor.close();
        pair[1].close();
    }

    /** A daemon that begins, in a thread. */
    private CompletableFuture<Optional<KeptDescriptors>> begins() {
        Map<String, String> environment =
                Map.of(Standby.VARIABLE, Integer.toString(pair[1].release()), "LISTEN_FDS", "1");
        return CompletableFuture.supplyAsync(
                () -> Standby.succession(linux, environment, name -> name.startsWith("tap"), this::rehearse));
    }

    private void rehearse(BooleanSupplier needed) {
        while (!rehearsed.isDone()) {
            if (needed.getAsBoolean()) {
                throw new IllegalStateException("it is needed");
            }
            Thread.onSpinWait();
        }
    }

    private SequencedMap<String, Fd> left(Fd file) {
        SequencedMap<String, Fd> left = new LinkedHashMap<>();
        for (int i = 0; i < 600; i++) {
            left.put("tap-" + i, file);
        }
        left.put("x".repeat(255), file);
        return left;
    }

    @Test
    void itIsWarmThenWaitsAndGetsWhatItsPredecessorHasLeft() throws Exception {
        CompletableFuture<Optional<KeptDescriptors>> begun = begins();
        assertThat(supervisor.isWarm()).isFalse();
        rehearsed.complete(null);
        while (!supervisor.isWarm()) {
            Thread.sleep(1);
        }
        assertThat(begun).isNotDone();
        try (Fd file = linux.files().open("/dev/zero", OpenFlag.RDONLY)) {
            assertThat(supervisor.begin(left(file))).isTrue();
            try (KeptDescriptors kept = begun.get(10, TimeUnit.SECONDS).orElseThrow()) {
                assertThat(kept.names()).hasSize(600).startsWith("tap-0", "tap-1");
                try (Fd one = kept.take("tap-599").orElseThrow()) {
                    assertThat(linux.files().target(one)).isEqualTo("/dev/zero");
                }
            }
        }
    }

    /** Its predecessor has died soon: better a standby that is not warm than a start from nothing. */
    @Test
    void oneThatIsNotWarmYetBeginsAllTheSame() throws Exception {
        CompletableFuture<Optional<KeptDescriptors>> begun = begins();
        assertThat(supervisor.begin(new LinkedHashMap<>())).isTrue();
        assertThat(begun.get(10, TimeUnit.SECONDS).orElseThrow().names()).isEmpty();
    }

    @Test
    void itEndsWhenItsSupervisorHasGone() throws Exception {
        CompletableFuture<Optional<KeptDescriptors>> begun = begins();
        rehearsed.complete(null);
        supervisor.close();
        assertThat(begun.get(10, TimeUnit.SECONDS)).isEmpty();
    }

    @Test
    void oneThatDoesNotAnswerIsOfNoUse() {
        linux.sockets().send(pair[1], Arena.ofAuto().allocate(1));
        long start = System.nanoTime();
        assertThat(supervisor.begin(new LinkedHashMap<>())).isFalse();
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(2));
        pair[1].close();
        assertThat(supervisor.begin(new LinkedHashMap<>())).as("dead").isFalse();
    }

    @Test
    void whoIsNoStandbyBeginsAtOnce() {
        assertThat(Standby.succession(linux, Map.of(), _ -> true, this::rehearse)
                        .orElseThrow()
                        .names())
                .isEmpty();
        assertThatThrownBy(() -> Standby.succession(linux, Map.of(Standby.VARIABLE, "x"), _ -> true, this::rehearse))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("$RINGFENCE_STANDBY_FD=x is no socket of a supervisor's: unset it");
    }
}
