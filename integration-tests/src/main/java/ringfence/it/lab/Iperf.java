package ringfence.it.lab;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * iperf3 between a guest, which has the client, and a network of its host. One thread.
 *
 * @param network where the server is
 * @param guest booted from a {@link GuestSpec#withIperf}
 * @param address where the server listens
 */
public record Iperf(NetworkOf network, Guest guest, String address) {
    private static final int PORT = 5201;
    private static final Duration AROUND = Duration.ofMinutes(2);

    /** Whether the host has it, and guests for it: it is Debian's, and there where it is installed beside the build. */
    public static boolean isThere(KvmHost host) {
        return host.run(
                                AROUND,
                                Command.script(
                                        "command -v iperf3 && [ -e \"$1\" ]",
                                        host.places().kernel("6.1", "initramfs-iperf3")))
                        .status()
                == 0;
    }

    /** In ms. Its usual two minutes are short for a connection whose path is cut again and again, and that backs off. */
    private static final String PATIENCE = "3600000";

    /** Starts a server for one client, and waits until it listens. The caller closes it. */
    public Program server() {
        Program server = network.start(Command.of(
                "iperf3", "-s", "-1", "-B", address, "-p", Integer.toString(PORT), "--rcv-timeout", PATIENCE));
        network.awaitListener(PORT);
        return server;
    }

    /** The same of a client that receives, too, and whose path is cut again and again. */
    public String patientClient(int seconds, String options) {
        return client(seconds, "--rcv-timeout " + PATIENCE + " " + options);
    }

    /** The client as a command of the guest: so long, with these options more. */
    public String client(int seconds, String options) {
        return "iperf3 -c " + address + " -p " + PORT + " -f k -t " + seconds + " " + options;
    }

    /**
     * Sends from the guest, or to it, as fast as it goes.
     *
     * @param streams connections at a time
     * @return Mbit/s that the receiver has counted
     * @throws LabException if either end fails, or nothing arrives
     */
    public double rate(boolean toGuest, int streams, int seconds) {
        try (Program server = server()) {
            Duration atMost = AROUND.plusSeconds(seconds);
            String said = guest.run(client(seconds, "-P " + streams + (toGuest ? " -R" : "")), atMost)
                    .orThrow()
                    .text();
            server.await(atMost).orThrow();
            Matcher line = Pattern.compile(
                            "^\\[" + (streams > 1 ? "SUM" : " *\\d+") + "\\].* ([0-9.]+) Kbits/sec +receiver",
                            Pattern.MULTILINE)
                    .matcher(said);
            double rate = line.find() ? Double.parseDouble(line.group(1)) / 1000 : 0;
            if (rate <= 0) {
                throw new LabException("nothing has arrived: " + said);
            }
            return rate;
        }
    }

    /** Both ways, for a report. */
    public String rates(int streams, int seconds) {
        return String.format(
                Locale.ROOT,
                "iperf3 with %d connections: from the guest %.1f Mbit/s, to it %.1f",
                streams,
                rate(false, streams, seconds),
                rate(true, streams, seconds));
    }
}
