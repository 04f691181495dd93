package ringfence.it.fault;

import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import ringfence.it.lab.Checkout;
import ringfence.linux.Linux;
import ringfence.sandbox.FilterMode;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.FrontendOptions;
import ringfence.vmm.supervise.DaemonBoxes;
import ringfence.vmm.supervise.DescriptorStore;
import ringfence.vmm.supervise.SupervisedDaemon;

/**
 * Kills the daemon of a network card again and again under numbered datagrams, which the host sends back to where they come
 * from. What the guest sends reaches the host, whoever was killed meanwhile; of what comes back only that may be missing which a
 * daemon had taken from the tap when it died. Everything arrives in its order, and nothing changed.
 */
public final class CardRun implements AutoCloseable {
    private static final String TAP = "rfkill0";
    private static final String HERE = "198.51.100.37";
    private static final String THERE = "198.51.100.38";
    private static final String STATION = "52:54:00:00:00:77";
    private static final int PORT = 7;
    private static final int DEPTH = 32;
    private static final int LONGEST = 1400;
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(60);
    private static final long WANTED =
            ProtocolFeature.mask(ProtocolFeature.MQ, ProtocolFeature.REPLY_ACK, ProtocolFeature.INFLIGHT_SHMFD);

    private final Linux linux;
    private final boolean tracked;
    private final boolean standby;
    private final SplittableRandom random;
    private final Path folder;
    private final DescriptorStore store;
    private final SupervisedDaemon daemon;
    private final Card card;
    private final DatagramSocket host;
    private final Thread echo;
    private final byte[] station = address(STATION);
    private final byte[] tap;
    private final Gaps gaps = new Gaps();
    /** Those that have not come back, in their order. */
    private final ArrayDeque<Long> underWay = new ArrayDeque<>();

    /** The highest number that the host has got; written by its thread only, as is what follows. */
    private volatile long arrived;
    /** The first that had not come when a higher one did; 0: none. */
    private volatile long missing;

    private Frontend frontend;
    private long sent;
    private long back;
    private long lost;
    private long again;

    /**
     * Starts the first daemon; root.
     *
     * @param tracked whether the daemons record what is in flight
     * @param standby whether another daemon waits to take over: then none is killed before that is warm
     * @param seed printed, so that a failure can be repeated
     */
    public CardRun(Linux linux, boolean tracked, boolean standby, long seed) throws IOException, InterruptedException {
        this.linux = linux;
        this.tracked = tracked;
        this.standby = standby;
        random = new SplittableRandom(seed);
        folder = Files.createTempDirectory("ringfence-card");
        store = new DescriptorStore(linux, "_net0", folder.resolve("store").toString());
        Path product = Checkout.find().product();
        Path program = product.resolve("bin/vhost-user-net");
        daemon = new SupervisedDaemon(
                linux,
                new ringfence.vmm.supervise.DaemonCommand(
                        "_net0",
                        Optional.empty(),
                        program,
                        List.of("--backend=tap=" + TAP, "--ip=" + HERE + "/30"),
                        DaemonBoxes.of(linux, product, FilterMode.TRUE).tap(program, true, Optional.empty()),
                        List.of(),
                        Optional.empty(),
                        standby),
                Optional.of(store),
                System.err::println);
        card = new Card(linux, tracked);
        connect();
        tap = address(
                Files.readString(Path.of("/sys/class/net", TAP, "address")).strip());
        ip("neigh", "replace", THERE, "lladdr", STATION, "dev", TAP);
        host = new DatagramSocket(PORT, InetAddress.ofLiteral(HERE));
        echo = Thread.ofPlatform().name("echo").daemon().start(this::sendBack);
    }

    private static byte[] address(String text) {
        return HexFormat.ofDelimiter(":").parseHex(text);
    }

    private static byte[] host(String text) {
        return InetAddress.ofLiteral(text).getAddress();
    }

    private static void ip(String... words) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of("ip"));
        command.addAll(List.of(words));
        if (new ProcessBuilder(command).inheritIO().start().waitFor() != 0) {
            throw new IllegalStateException(String.join(" ", command) + " fails");
        }
    }

    private void connect() {
        frontend = Frontend.over(linux, daemon.connect(), FrontendOptions.defaults());
        frontend.hello(WANTED);
        card.connect(frontend);
    }

    private void sendBack() {
        DatagramPacket packet = new DatagramPacket(new byte[LONGEST], LONGEST);
        try {
            while (true) {
                packet.setLength(LONGEST);
                host.receive(packet);
                long number = ByteBuffer.wrap(packet.getData()).getLong();
                if (number > arrived + 1 && missing == 0) {
                    missing = arrived + 1;
                }
                arrived = Math.max(arrived, number);
                host.send(packet);
            }
        } catch (IOException _) {
            // it is closed
        }
    }

    /**
     * Sends, kills, goes on.
     *
     * @param kills how often
     * @throws IllegalStateException if something is lost that may not be, changed, out of order, or does not come
     */
    public void run(int kills) throws IOException {
        for (int kill = 0; kill < kills; kill++) {
            // not sending: that would keep the processors from the one that starts
            while (standby && !daemon.isStandbyWarm()) {
                LockSupport.parkNanos(1_000_000);
            }
            sendFor(1_000_000L * random.nextInt(5, 150));
            long last = sent;
            long killed = System.nanoTime();
            daemon.process().orElseThrow().kill();
            frontend.close();
            connect();
            send(); // of those before it some may not come back: this one does
            while (back <= last) {
                take(last, killed);
            }
            gaps.add(System.nanoTime() - killed);
            if (missing != 0) { // it stays in the guest's ring until a daemon has passed it on
                throw new IllegalStateException("datagram " + missing + " has not reached the host");
            }
        }
    }

    private void sendFor(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            if (underWay.size() < DEPTH) {
                send();
            }
            take(0, end);
        }
    }

    private void send() {
        byte[] payload = payload(++sent);
        byte[] frame = Datagrams.frame(station, tap, host(THERE), host(HERE), PORT, PORT, payload);
        underWay.add(sent);
        if (!card.send(frame)) {
            throw new IllegalStateException("no descriptors left");
        }
    }

    /** Its length and its bytes follow from its number, with which it begins. */
    private static byte[] payload(long number) {
        SplittableRandom own = new SplittableRandom(number);
        byte[] payload = new byte[own.nextInt(Long.BYTES, LONGEST + 1)];
        own.nextBytes(payload);
        return ByteBuffer.wrap(payload).putLong(0, number).array();
    }

    /** Takes what has come back, if something has. @param last number up to which one may be missing, or come twice */
    private void take(long last, long since) {
        Optional<byte[]> payload = card.receive().flatMap(Datagrams::payload);
        if (payload.isEmpty()) {
            if (System.nanoTime() - since > PATIENCE) {
                throw new IllegalStateException("nothing comes back; under way: " + underWay);
            }
            Thread.onSpinWait();
            return;
        }
        long number = payload.get().length < Long.BYTES
                ? 0
                : ByteBuffer.wrap(payload.get()).getLong();
        if (number < 1 || number > sent || !Arrays.equals(payload.get(), payload(number))) {
            throw new IllegalStateException("datagram " + number + " is not what was sent");
        }
        if (number <= back) {
            again++;
            if (number > last) {
                throw new IllegalStateException("datagram " + number + " comes again");
            }
            return;
        }
        while (underWay.getFirst() < number) {
            long missing = underWay.removeFirst();
            lost++;
            if (missing > last) {
                throw new IllegalStateException("datagram " + missing + " is lost");
            }
        }
        underWay.removeFirst();
        back = number;
    }

    /** Each from a kill to the first datagram after it that has come back. */
    public Gaps gaps() {
        return gaps;
    }

    /** One line: kills, datagrams, and the gaps. */
    public String report() {
        return String.format(
                Locale.ROOT,
                "%d kills, %d datagrams sent, all of which arrived; %d of those that came back died with a daemon, %d"
                        + " came twice; %s, gap %s standby %s",
                gaps.count(),
                sent,
                lost,
                again,
                tracked ? "tracked in flight" : "not tracked",
                standby ? "with a" : "without",
                gaps);
    }

    @Override
    public void close() throws IOException {
        frontend.close();
        host.close();
        try {
            echo.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        daemon.close();
        store.close();
        card.close();
        try (var files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }
}
