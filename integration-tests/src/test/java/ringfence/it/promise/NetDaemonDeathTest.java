package ringfence.it.promise;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;

/** Guests under whose connections the network's daemon dies. */
@OnKvmHost
class NetDaemonDeathTest {
    private static final String ASKED_FOR = "ringfence.promise.net.kills";
    private static final int KILLS = Integer.getInteger(ASKED_FOR, 5);
    private static final boolean IN_FULL = System.getProperty(ASKED_FOR) != null;

    /** With a standby, too, where a soak asks for it. */
    static Stream<Arguments> guests() {
        return IN_FULL ? GuestsOfKills.shareAlsoWithStandby(KILLS) : GuestsOfKills.share(KILLS);
    }

    @ParameterizedTest(name = "seed {0}, {1} times under iperf3, standby {2}")
    @MethodSource("guests")
    void connectionsOutliveTheDaemon(long seed, int killsUnderIperf, boolean standby, KvmHost host)
            throws InterruptedException {
        new NetDaemonDeaths(host, seed, killsUnderIperf, standby).connectionsOutliveThem(IN_FULL);
    }
}
