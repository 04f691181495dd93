package ringfence.it.bench;

import java.io.PrintStream;
import java.util.List;
import java.util.Locale;
import ringfence.it.lab.Guest;
import ringfence.it.lab.Iperf;
import ringfence.it.lab.NetworkOf;

/** iperf3 between guests and their host, in turn. */
final class TapFlow {
    private static final int SECONDS = 5;

    private final String where;
    private final int warmUp;
    private final int rounds;
    private final PrintStream out;
    private final Samples fromGuest = new Samples();
    private final Samples toGuest = new Samples();

    /**
     * Nothing measured yet.
     *
     * @param where it runs, for the report
     * @param warmUp rounds that do not count: Java is compiled meanwhile
     * @param rounds that count
     */
    TapFlow(String where, int warmUp, int rounds, PrintStream out) {
        this.where = where;
        this.warmUp = warmUp;
        this.rounds = rounds;
        this.out = out;
    }

    /** A guest with its way to the host. */
    record Contender(String name, Guest guest, Iperf iperf) {
        /** Gives the guest its address, and waits until it reaches the host's. */
        static Contender ready(String name, Guest guest, NetworkOf network, String here, String there) {
            guest.text("ip addr add " + there + "/30 dev eth0 && ip link set eth0 up && ping -c 3 -W 10 " + here);
            return new Contender(name, guest, new Iperf(network, guest, here));
        }
    }

    List<TapRow> run(List<Contender> contenders) {
        for (int round = -warmUp; round < rounds; round++) {
            for (int i = 0; i < contenders.size(); i++) {
                run(contenders.get((i + Math.max(0, round)) % contenders.size()), round >= 0);
            }
        }
        return List.of(
                new TapRow("from the guest over a tap, " + where, fromGuest),
                new TapRow("to the guest over a tap, " + where, toGuest));
    }

    private void run(Contender contender, boolean counts) {
        double sent = contender.iperf.rate(false, 1, SECONDS);
        double received = contender.iperf.rate(true, 1, SECONDS);
        out.printf(Locale.ROOT, "%s: from the guest %.1f Mbit/s, to it %.1f%n", contender.name, sent, received);
        if (counts) {
            fromGuest.add(contender.name, sent);
            toGuest.add(contender.name, received);
        }
    }
}
