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
    private static final int KILLS = Integer.getInteger("ringfence.promise.net.kills", 5);

    static Stream<Arguments> guests() {
        return GuestsOfKills.share(KILLS);
    }

    @ParameterizedTest(name = "seed {0}, {1} times under iperf3")
    @MethodSource("guests")
    void connectionsOutliveTheDaemon(long seed, int killsUnderIperf, KvmHost host) throws InterruptedException {
        new NetDaemonDeaths(host, seed, killsUnderIperf).connectionsOutliveThem();
    }
}
