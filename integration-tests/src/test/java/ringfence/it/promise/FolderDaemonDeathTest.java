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

    static Stream<Arguments> guests() {
        return GuestsOfKills.share(KILLS);
    }

    @ParameterizedTest(name = "seed {0}, {1} times")
    @MethodSource("guests")
    void writesAndNamesOutliveTheDaemon(long seed, int kills, KvmHost host) throws IOException, InterruptedException {
        new FolderDaemonDeaths(host, seed, kills).areOutlivedBy(FolderLoad.WRITES);
    }

    /** Ten minutes of the lab's time, so a soak has it: packaging/soak fs-make-kills. */
    @EnabledIfSystemProperty(named = ASKED_FOR, matches = ".+")
    @ParameterizedTest(name = "seed {0}, {1} times")
    @MethodSource("guests")
    void gitAndMakeOutliveTheDaemon(long seed, int kills, KvmHost host) throws IOException, InterruptedException {
        new FolderDaemonDeaths(host, seed, kills).areOutlivedBy(FolderLoad.PROJECT);
    }
}
