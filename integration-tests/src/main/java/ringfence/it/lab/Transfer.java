package ringfence.it.lab;

import java.time.Duration;

/**
 * Random bytes over TCP between a guest and its host, by busybox's nc; on both sides, what came has to be what was sent.
 * One thread.
 *
 * <p>nc says that its input has ended, and ends itself when the other side says so: whoever only receives must have an
 * input that never ends, or the sender ends in the middle.
 */
public final class Transfer {
    private static final int BLOCKS_PER_MIB = 16;
    private static final String BLOCKS = "dd if=/dev/urandom bs=64k count=";

    private final NetworkOf network;
    private final Guest guest;
    private final String address;
    private final Duration atMost;
    private int port = 7000;

    /**
     * Between a guest and a network of its host.
     *
     * @param address where the host listens
     */
    public Transfer(NetworkOf network, Guest guest, String address, Duration atMost) {
        this.network = network;
        this.guest = guest;
        this.address = address;
        this.atMost = atMost;
    }

    /**
     * From the guest.
     *
     * @param prefix a command of the guest that runs nc, such as {@code taskset 1}; may be empty
     * @return seconds that it took, with the making and the checking of the bytes
     * @throws LabException if it takes longer than it may, or something else arrives
     */
    public double toHost(int mib, String prefix) {
        port++;
        try (Program receiver = network.start(Command.script("busybox nc -l -p $1 | md5sum", Integer.toString(port)))) {
            network.awaitListener(port);
            long begin = System.nanoTime();
            String sent = guest.run(
                            "rm -f /tmp/copy; mkfifo /tmp/copy; md5sum </tmp/copy >/tmp/sum & " + BLOCKS
                                    + mib * BLOCKS_PER_MIB + " 2>/dev/null | tee /tmp/copy | " + prefix + " nc "
                                    + address + " " + port + "; wait; cat /tmp/sum",
                            atMost)
                    .text();
            return compared(sent, receiver.await(atMost).orThrow().text(), begin);
        }
    }

    /**
     * To the guest.
     *
     * @see #toHost
     */
    public double toGuest(int mib, String prefix) {
        port++;
        String copy = network.host().places().scratch() + "/copy" + port;
        try (Program sender = network.start(Command.script(
                "mkfifo \"$2\"; md5sum <\"$2\" & " + BLOCKS + mib * BLOCKS_PER_MIB
                        + " 2>/dev/null | tee \"$2\" | busybox nc -l -p $1; wait; rm \"$2\"",
                Integer.toString(port),
                copy))) {
            network.awaitListener(port);
            long begin = System.nanoTime();
            String got = guest.run(
                            "rm -f /tmp/quiet; mkfifo /tmp/quiet; " + prefix + " nc " + address + " " + port
                                    + " <>/tmp/quiet | md5sum",
                            atMost)
                    .text();
            return compared(sender.await(atMost).orThrow().text(), got, begin);
        }
    }

    private static double compared(String sent, String got, long begin) {
        if (!sent.equals(got) || !sent.matches("[0-9a-f]{32} .*")) {
            throw new LabException("sent: " + sent + "; got: " + got);
        }
        return (System.nanoTime() - begin) / 1e9;
    }
}
