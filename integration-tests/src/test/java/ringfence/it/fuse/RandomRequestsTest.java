package ringfence.it.fuse;

import java.io.IOException;
import java.util.SplittableRandom;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Long sequences of random requests, each answered as a model in memory says. */
class RandomRequestsTest {
    private static final int OPERATIONS = Integer.getInteger("ringfence.fs.operations", 50_000);

    private final long seed = Long.getLong("ringfence.seed", System.nanoTime());

    @ParameterizedTest
    @MethodSource("ringfence.it.fuse.Programs#both")
    void fsx(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program)) {
            Fsx fsx = new Fsx(share.fuse, new SplittableRandom(seed), false);
            for (int i = 0; i < OPERATIONS; i++) {
                fsx.step();
            }
            fsx.finish();
            System.out.println("counted: " + program.label() + ", seed " + seed + ": " + fsx.report());
        } catch (IllegalStateException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    @ParameterizedTest
    @MethodSource("ringfence.it.fuse.Programs#both")
    void names(FsProgram program) throws IOException, InterruptedException {
        try (Share share = Share.of(program, "--xattr")) {
            NamesRun run = new NamesRun(share.fuse, new SplittableRandom(seed), program.isOurs());
            for (int i = 0; i < OPERATIONS; i++) {
                run.step();
            }
            run.finish();
            System.out.println("counted: " + program.label() + ", seed " + seed + ": " + run.report());
        } catch (IllegalStateException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }
}
