package ringfence.it.promise;

import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;

/** Guests under whose connections the network's daemon dies. */
@OnKvmHost
class NetDaemonDeathTest {
    private static final int KILLS = Integer.getInteger("ringfence.promise.net.kills", 4);
    private static final long SEED = Long.getLong("ringfence.seed", System.nanoTime() >>> 20);
    /** Of one guest: the lab's emulator lives for some minutes under such a load, and what it loses must be had again. */
    private static final int KILLS_AT_MOST = 10;

    /** A guest: the seed of the moments at which its daemon dies, and how often under iperf3. */
    static Stream<Arguments> guests() {
        int guests = (KILLS + KILLS_AT_MOST - 1) / KILLS_AT_MOST;
        return IntStream.range(0, guests)
                .mapToObj(guest -> Arguments.of(SEED + guest, Math.min(KILLS_AT_MOST, KILLS - guest * KILLS_AT_MOST)));
    }

    @ParameterizedTest(name = "seed {0}, {1} times under iperf3")
    @MethodSource("guests")
    void connectionsOutliveTheDaemon(long seed, int killsUnderIperf, KvmHost host) throws InterruptedException {
        System.out.println("kills under a guest's connections: -Dringfence.seed=" + SEED);
        new NetDaemonDeaths(host, seed, killsUnderIperf).connectionsOutliveThem();
    }
}
