package ringfence.it.promise;

import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;

/** Guests that work in a shared folder whose daemon dies. */
@OnKvmHost
class FolderDaemonDeathTest {
    private static final String ASKED_FOR = "ringfence.promise.fs.kills";
    /** Under each load. */
    private static final int KILLS = Integer.getInteger(ASKED_FOR, 5);

    private static final boolean IN_FULL = System.getProperty(ASKED_FOR) != null;

    static Stream<Arguments> guests() {
        return GuestsOfKills.share(KILLS);
    }

    /** With a standby, too, where a soak asks for it. */
    static Stream<Arguments> writers() {
        return IN_FULL ? GuestsOfKills.shareAlsoWithStandby(KILLS) : guests();
    }

    @ParameterizedTest(name = "seed {0}, {1} times, standby {2}")
    @MethodSource("writers")
    void writesAndNamesOutliveTheDaemon(long seed, int kills, boolean standby, KvmHost host)
            throws IOException, InterruptedException {
        new FolderDaemonDeaths(host, seed, kills, standby).areOutlivedBy(FolderLoad.WRITES, IN_FULL);
    }

    /** Ten minutes of the lab's time, so a soak has it: packaging/soak fs-make-kills. */
    @EnabledIfSystemProperty(named = ASKED_FOR, matches = ".+")
    @ParameterizedTest(name = "seed {0}, {1} times")
    @MethodSource("guests")
    void gitAndMakeOutliveTheDaemon(long seed, int kills, boolean standby, KvmHost host)
            throws IOException, InterruptedException {
        new FolderDaemonDeaths(host, seed, kills, standby).areOutlivedBy(FolderLoad.PROJECT, false);
    }
}
