package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.NetworkOf;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Transfer;
import ringfence.it.lab.Vmm;

/** A guest of our VMM reaches its host through our network daemons. */
@OnKvmHost
class OurNetworkTest {
    private static final int FEW = 1;
    /** MiB that each card carries each way; a soak carries more, and has all cards. */
    private static final int MIB = Integer.getInteger("ringfence.promise.net.mib", FEW);

    private static final Duration LONG = Duration.ofSeconds(120 + 20L * MIB);
    private static final int ETHERNET = 14;
    private static final int GUEST_TSO4 = 7;
    private static final int HOST_TSO4 = 11;

    /** A card in the guest and the tap behind it, in a network of their own. */
    private record Card(int number, int pairs, int mtu, boolean tso) {
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
    }

    private static final List<Card> ALL = List.of(
            new Card(0, 2, 9000, true),
            new Card(1, 2, 1500, false),
            new Card(2, 1, 1500, true),
            new Card(3, 1, 9000, false));
    /** What the lab can boot in time: a card is a JVM more, under emulation. */
    private static final List<Card> CARDS = MIB > FEW ? ALL : ALL.subList(0, 2);

    @BeforeEach
    void taps(KvmHost host) {
        host.script("[ -c /dev/net/tun ] || modprobe tun");
    }

    /** Each two of segmentation, pairs of queues and MTU meet: all cards are one guest's, each with a daemon of its own. */
    @Test
    void carriesWhatTheGuestAndItsHostSendEachOther(KvmHost host) {
        List<String> options = new ArrayList<>(List.of("--net"));
        CARDS.forEach(card -> options.add(card.option()));
        GuestSpec spec = GuestSpec.kernel("6.1").cpus(2).options(options.toArray(String[]::new));
        try (Guest guest = Guest.of(host, host.start(NetworkOf.alone(new Vmm.Ringfence().command(host, spec))))) {
            guest.awaitReady();
            for (Card card : CARDS) {
                String eth = "eth" + card.number();
                guest.text("ip addr add " + card.there() + "/30 dev " + eth + " && ip link set " + eth + " up");
                assertThat(guest.text("cd /sys/class/net/" + eth + "; cat address mtu; ls queues | grep -c rx"))
                        .isEqualTo("52:54:00:12:34:0" + card.number() + "\n" + card.mtu() + "\n" + card.pairs());
                String features = guest.text("cat /sys/class/net/" + eth + "/device/features");
                assertThat(List.of(features.charAt(GUEST_TSO4), features.charAt(HOST_TSO4)))
                        .containsOnly(card.tso() ? '1' : '0');
                guest.text("ping -c 2 -W 10 -s 56 " + card.here() + " && ping -c 2 -W 10 -s " + (card.mtu() - 28) + " "
                        + card.here());
                carry(new NetworkOf(host, guest.vmm().pid()), guest, card);
            }
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        }
    }

    /** As much each way; the guest sends from each of its processors in turn, each with a queue of its own if there are enough. */
    private static void carry(NetworkOf network, Guest guest, Card card) {
        Transfer transfer = new Transfer(network, guest, card.here(), LONG);
        Traffic before = Traffic.of(guest, card);
        double out = 0;
        for (int cpu = 0; cpu < card.pairs(); cpu++) {
            out += transfer.toHost(MIB, "taskset " + Integer.toHexString(1 << cpu));
        }
        Traffic between = Traffic.of(guest, card);
        double in = transfer.toGuest(MIB, "");
        Traffic after = Traffic.of(guest, card);
        long sent = between.sentSince(before);
        long received = after.receivedSince(between);
        System.out.printf(
                Locale.ROOT,
                "counted: %s: %d MiB by each queue, from the guest %.1f MiB/s in packets of %d bytes, to it %.1f MiB/s"
                        + " of %d%n",
                card,
                MIB,
                card.pairs() * MIB / out,
                sent,
                MIB / in,
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
