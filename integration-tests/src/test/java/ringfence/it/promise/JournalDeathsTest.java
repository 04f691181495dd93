package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.Outcome;
import ringfence.it.lab.TinyKernel;
import ringfence.it.lab.VmmApi;

/** A VMM is killed at any moment, while it is asked for one change after the other: what it has answered is recorded. */
class JournalDeathsTest {
    private static final int KILLS = Integer.getInteger("ringfence.journal.kills", 5);
    private static final long SEED = Long.getLong("ringfence.seed", System.nanoTime());
    private static final int MOST_MILLIS = 1500;
    /** Nobody empties the ring here, and it holds a thousand events. */
    private static final int BETWEEN_MILLIS = 3;

    private static final Duration SOON = Duration.ofSeconds(60);
    private static final Pattern CALL = Pattern.compile("\"event\":\"api-call\".*\"status\":\"204\"");

    @TempDir
    Path directory;

    private final Random random = new Random(SEED);

    @Test
    void whatWasAnsweredIsReadAfterwards() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        long calls = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            Path folder = Files.createDirectory(directory.resolve("vm" + kill));
            long answered = livesUntilItIsKilled(folder);
            calls += answered;
            long recorded = recorded(folder);
            assertThat(recorded)
                    .as("seed %d, kill %d: the last one may have been recorded and not answered", SEED, kill)
                    .isBetween(answered, answered + 1);
        }
        System.out.println("counted: seed " + SEED + ": " + KILLS + " kills of a VMM, each of " + calls
                + " changes that it had answered was recorded");
    }

    /** @return changes that were answered as done */
    private long livesUntilItIsKilled(Path folder) throws Exception {
        Path kernel = Files.write(folder.resolve("kernel"), TinyKernel.halting());
        Path socket = folder.resolve("api");
        Process vmm = Programs.start(
                folder,
                "vmm",
                "ringfence",
                List.of("run", "--api-socket", socket.toString()),
                Map.of("RINGFENCE_JOURNAL", folder.resolve("rings").toString()));
        VmmApi api = new VmmApi(socket);
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!api.isServed()) {
            assertThat(System.nanoTime()).isLessThan(deadline);
            Thread.sleep(10);
        }
        int lives = random.nextInt(MOST_MILLIS);
        CompletableFuture<Void> killer = CompletableFuture.runAsync(
                vmm::destroyForcibly, CompletableFuture.delayedExecutor(lives, TimeUnit.MILLISECONDS));
        long answered = 0;
        try {
            answered += done(api.put(
                    "vm.create",
                    "{\"payload\":{\"kernel\":\"" + kernel + "\"},\"console\":{\"mode\":\"Off\"},"
                            + "\"memory\":{\"size\":67108864}}"));
            answered += done(api.put("vm.boot"));
            while (true) {
                answered += done(api.put("vm.pause"));
                Thread.sleep(BETWEEN_MILLIS);
                answered += done(api.put("vm.resume"));
                Thread.sleep(BETWEEN_MILLIS);
            }
        } catch (IOException _) {
            // it is dead
        }
        killer.join();
        vmm.waitFor();
        return answered;
    }

    private static int done(VmmApi.Answer answer) {
        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        return 1;
    }

    private long recorded(Path folder) {
        Outcome events = new LocalHost(Checkout.find())
                .run(
                        SOON,
                        Command.of(Checkout.find()
                                        .product()
                                        .resolve("bin/ringfence")
                                        .toString())
                                .with("events", "--store=" + folder.resolve("store"), "--kind=api-call")
                                .variable(
                                        "RINGFENCE_JOURNAL",
                                        folder.resolve("rings").toString()));
        return events.orThrow().text().lines().filter(CALL.asPredicate()).count();
    }
}
