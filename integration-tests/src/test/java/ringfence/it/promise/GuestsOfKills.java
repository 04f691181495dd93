package ringfence.it.promise;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.provider.Arguments;

/** Many kills of a daemon, shared among guests, so that one that is lost costs no hours. */
final class GuestsOfKills {
    private static final int KILLS_AT_MOST = 25;

    private static final long SEED = Long.getLong("ringfence.seed", System.nanoTime() >>> 20);

    private GuestsOfKills() {}

    /** Of each guest, the seed of the moments at which its daemon dies, how often, and that no standby waits. */
    static Stream<Arguments> share(int kills) {
        System.out.println("kills of a guest's daemon: -Dringfence.seed=" + SEED);
        return share(SEED, kills, false);
    }

    /** The same, and then half as often with a standby, which is warm each time; that takes its time. */
    static Stream<Arguments> shareAlsoWithStandby(int kills) {
        return Stream.concat(share(kills), share(SEED + kills, Math.ceilDiv(kills, 2), true));
    }

    private static Stream<Arguments> share(long seed, int kills, boolean standby) {
        int guests = Math.ceilDiv(kills, KILLS_AT_MOST);
        return IntStream.range(0, guests)
                .mapToObj(guest ->
                        Arguments.of(seed + guest, Math.min(KILLS_AT_MOST, kills - guest * KILLS_AT_MOST), standby));
    }
}
