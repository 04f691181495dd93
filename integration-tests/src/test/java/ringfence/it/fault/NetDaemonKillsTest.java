package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.Linux;

/** The daemon of a network card dies by SIGKILL: what the guest has sent arrives, and traffic goes on. */
class NetDaemonKillsTest {
    private static final int KILLS = Integer.getInteger("ringfence.card.kills", 17);
    /** In milliseconds, of 95 in 100 kills. */
    private static final long GAP = 250;

    private static final int IN_FULL = 1000;

    private final Linux linux = Linux.system();

    /** Our VMM does not have cards tracked in flight, since they complete in order; others do. */
    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "false, true"})
    void whatTheGuestSendsArrivesWhoeverIsKilled(boolean tracked, boolean standby) throws Exception {
        Taps.assume(linux);
        long seed = Long.getLong("ringfence.seed", System.nanoTime());
        try (CardRun run = new CardRun(linux, tracked, standby, seed)) {
            run.run(KILLS);
            System.out.println("counted: seed " + seed + ": " + run.report());
            if (KILLS >= IN_FULL) { // on a host that has time for it
                assertThat(run.gaps().millis(95)).as(run.report()).isLessThanOrEqualTo(GAP);
            }
        } catch (IllegalStateException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }
}
