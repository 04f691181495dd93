package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.Iperf;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.NetworkOf;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Transfer;
import ringfence.it.lab.Vmm;

/** A guest of our VMM reaches its host through our network daemons. */
@OnKvmHost
class OurNetworkTest {
    private static final int FEW = 2;
    /** MiB that the first card carries each way, others less; a soak carries more, and has all cards. */
    private static final int MIB = Integer.getInteger("ringfence.promise.net.mib", FEW);

    private static final boolean SOAK = MIB > FEW;
    private static final int IPERF_SECONDS = SOAK ? 10 : 3;
    private static final int ETHERNET = 14;
    private static final int GUEST_TSO4 = 7;
    private static final int HOST_TSO4 = 11;

    /**
     * A card in the guest and the tap behind it, in a network of their own.
     *
     * @param number of the card in its guest
     * @param mib that it carries each way
     */
    private record Card(int number, int pairs, int mtu, boolean tso, int mib) {
        String here() {
            return "192.0.2." + (4 * number + 1);
        }

        String there() {
            return "192.0.2." + (4 * number + 2);
        }

        String option() {
            return "tap=rfnet" + number + ",ip=" + here() + ",mask=255.255.255.252,mac=52:54:00:12:34:0" + number
                    + ",num_queues=" + 2 * pairs + ",mtu=" + mtu + (tso ? "" : ",offload_tso=off");
        }

        Duration atMost() {
            return Duration.ofSeconds(120 + 20L * mib);
        }
    }

    /** The cards of each guest: what the lab can boot in time, for a card is a JVM more, under emulation. */
    static List<List<Card>> guests() {
        return SOAK
                ? List.of(cards(4, MIB), cards(1, MIB / 32))
                : List.of(List.of(new Card(0, 2, 9000, true, MIB), new Card(1, 2, 1500, false, MIB)));
    }

    private static List<Card> cards(int pairs, int mib) {
        int few = Math.max(MIB / 32, pairs);
        return List.of(
                new Card(0, pairs, 9000, true, mib),
                new Card(1, pairs, 1500, false, few),
                new Card(2, pairs, 1500, true, few),
                new Card(3, pairs, 9000, false, few));
    }

    private static void taps(KvmHost host) {
        host.script("[ -c /dev/net/tun ] || modprobe tun");
    }

    /** All cards are one guest's, each with a daemon of its own. */
    @ParameterizedTest
    @MethodSource("guests")
    void carriesWhatTheGuestAndItsHostSendEachOther(List<Card> cards, KvmHost host) {
        taps(host);
        List<String> options = new ArrayList<>(List.of("--net"));
        cards.forEach(card -> options.add(card.option()));
        int cpus = Math.max(2, cards.getFirst().pairs());
        GuestSpec spec = GuestSpec.kernel("6.1").cpus(cpus).options(options.toArray(String[]::new));
        boolean iperf = Iperf.isThere(host);
        Command vmm = new Vmm.Ringfence().command(host, iperf ? spec.withIperf() : spec);
        try (Guest guest = Guest.of(host, host.start(NetworkOf.alone(vmm)))) {
            guest.awaitReady();
            NetworkOf network = new NetworkOf(host, guest.vmm().pid());
            for (Card card : cards) {
                String eth = "eth" + card.number();
                guest.text("ip addr add " + card.there() + "/30 dev " + eth + " && ip link set " + eth + " up");
                assertThat(guest.text("cd /sys/class/net/" + eth + "; cat address mtu; ls queues | grep -c rx"))
                        .isEqualTo("52:54:00:12:34:0" + card.number() + "\n" + card.mtu() + "\n" + card.pairs());
                String features = guest.text("cat /sys/class/net/" + eth + "/device/features");
                assertThat(List.of(features.charAt(GUEST_TSO4), features.charAt(HOST_TSO4)))
                        .containsOnly(card.tso() ? '1' : '0');
                guest.text("ping -c 2 -W 10 -s 56 " + card.here() + " && ping -c 2 -W 10 -s " + (card.mtu() - 28) + " "
                        + card.here());
                carry(network, guest, card);
                if (iperf && (SOAK || card.number() == 0)) {
                    System.out.println("counted: " + card + ": "
                            + new Iperf(network, guest, card.here()).rates(card.pairs(), IPERF_SECONDS));
                }
            }
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        }
    }

    /** As much each way; the guest sends from each of its processors in turn, each with a queue of its own if there are enough. */
    private static void carry(NetworkOf network, Guest guest, Card card) {
        Transfer transfer = new Transfer(network, guest, card.here(), card.atMost());
        Traffic before = Traffic.of(guest, card);
        double out = 0;
        for (int cpu = 0; cpu < card.pairs(); cpu++) {
            out += transfer.toHost(card.mib() / card.pairs(), "taskset " + Integer.toHexString(1 << cpu));
        }
        Traffic between = Traffic.of(guest, card);
        double in = transfer.toGuest(card.mib(), "");
        Traffic after = Traffic.of(guest, card);
        long sent = between.sentSince(before);
        long received = after.receivedSince(between);
        System.out.printf(
                Locale.ROOT,
                "counted: %s: from the guest %.1f MiB/s in packets of %d bytes, to it %.1f MiB/s of %d%n",
                card,
                card.mib() / out,
                sent,
                card.mib() / in,
                received);
        if (!card.tso()) {
            assertThat(Math.max(sent, received)).as("bytes of a packet").isLessThanOrEqualTo(card.mtu() + ETHERNET);
        }
    }

    /** What a card has counted. */
    private record Traffic(long received, long receivedPackets, long sent, long sentPackets) {
        static Traffic of(Guest guest, Card card) {
            List<Long> counts = guest.text("cd /sys/class/net/eth" + card.number()
                            + "/statistics; cat rx_bytes rx_packets tx_bytes tx_packets")
                    .lines()
                    .map(Long::valueOf)
                    .toList();
            return new Traffic(counts.get(0), counts.get(1), counts.get(2), counts.get(3));
        }

        /** Bytes of a packet on average. */
        long receivedSince(Traffic before) {
            return (received - before.received) / (receivedPackets - before.receivedPackets);
        }

        long sentSince(Traffic before) {
            return (sent - before.sent) / (sentPackets - before.sentPackets);
        }
    }
}
