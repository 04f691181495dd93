package ringfence.it.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ringfence.it.dpdk.PortStatistics;
import ringfence.it.dpdk.Testpmd;
import ringfence.it.lab.Checkout;

/**
 * A back-end with two ports at two sockets, and in front of both a testpmd that sends back at one port what comes at the
 * other: some frames go round for as long as a run takes, so that neither side can outrun the other. One thread.
 */
final class SwitchedPorts implements AutoCloseable {
    private static final int BURST = 32;
    private static final long START_NANOS = 20_000_000_000L;
    private static final long SETTLE_MILLIS = 100;
    private static final List<String> ADDRESSES = List.of("52:54:00:00:00:01", "52:54:00:00:00:02");
    private static final Pattern CYCLES =
            Pattern.compile("CPU cycles/packet=([0-9.]+).* at (\\d+) MHz", Pattern.MULTILINE);

    private final NetContender contender;
    private final int frames;
    private final Testpmd front;
    /** One of the two is null. */
    private final Testpmd testpmd;

    private final Process daemon;
    private final CpuTime cpu;

    private SwitchedPorts(NetContender contender, int frames, Testpmd testpmd, Process daemon, Testpmd front) {
        this.contender = contender;
        this.frames = frames;
        this.testpmd = testpmd;
        this.daemon = daemon;
        this.front = front;
        cpu = new CpuTime(daemon == null ? testpmd.pid() : daemon.pid());
    }

    /**
     * Starts both sides; nothing is sent yet.
     *
     * @param folder for sockets and logs, of its own
     * @param frontCores as taskset(1) takes them
     * @param backCores of the back-end, all of its threads
     */
    static SwitchedPorts start(
            NetContender contender, NetOptions options, Path folder, String frontCores, String backCores)
            throws IOException, InterruptedException {
        Checkout checkout = Checkout.find();
        List<Path> sockets = List.of(folder.resolve("0.sock"), folder.resolve("1.sock"));
        Testpmd testpmd = null;
        Process daemon = null;
        try {
            if (contender == NetContender.DPDK) {
                List<String> devices = new ArrayList<>();
                for (int port = 0; port < 2; port++) {
                    devices.add("net_vhost" + port + ",iface=" + sockets.get(port) + ",queues=1");
                }
                testpmd = Testpmd.start(
                        checkout, folder.resolve("back.log"), backCores, devices, List.of("--record-core-cycles"));
            } else {
                daemon = daemon(options, folder, sockets, backCores);
            }
            await(sockets, daemon);
            return new SwitchedPorts(
                    contender, options.frames(), testpmd, daemon, front(checkout, folder, sockets, frontCores));
        } catch (IOException e) {
            end(testpmd, daemon);
            throw e;
        }
    }

    private static Process daemon(NetOptions options, Path folder, List<Path> sockets, String cores)
            throws IOException {
        List<String> command = new ArrayList<>(List.of("taskset", "-c", cores));
        command.addAll(options.ours());
        command.addAll(List.of("--backend=switch", "--queue-size=512", "--allow-unsealed"));
        sockets.forEach(socket -> command.add("--socket-path=" + socket));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("back.log").toFile())
                .start();
    }

    private static void await(List<Path> sockets, Process daemon) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + START_NANOS;
        while (!sockets.stream().allMatch(Files::exists)) {
            if (daemon != null && !daemon.isAlive() || System.nanoTime() > deadline) {
                throw new IOException("the back-end does not start: " + sockets);
            }
            Thread.sleep(5);
        }
    }

    /** Without IN_ORDER and packed rings, which only one of the two back-ends has. */
    private static Testpmd front(Checkout checkout, Path folder, List<Path> sockets, String cores)
            throws IOException, InterruptedException {
        List<String> devices = new ArrayList<>();
        List<String> options = new ArrayList<>(List.of("--record-core-cycles", "--txd=512", "--rxd=512"));
        for (int port = 0; port < 2; port++) {
            devices.add("net_virtio_user" + port + ",path=" + sockets.get(port) + ",mac=" + ADDRESSES.get(port)
                    + ",queue_size=512,queues=1,in_order=0,packed_vq=0");
            options.add("--eth-peer=" + port + "," + ADDRESSES.get(1 - port));
        }
        return Testpmd.start(checkout, folder.resolve("front.log"), cores, devices, options);
    }

    NetContender contender() {
        return contender;
    }

    /** Both sides' version of DPDK. */
    String version() throws IOException {
        return front.version();
    }

    /** Has frames of so many bytes go round. @param millis for how long they are counted */
    Flow run(int bytes, long millis) throws IOException, InterruptedException {
        if (testpmd != null) {
            testpmd.forward("io");
        }
        front.ask("set fwd io");
        front.ask("set txpkts " + bytes);
        front.ask("start tx_first " + frames / BURST);
        Thread.sleep(SETTLE_MILLIS);
        PortStatistics[] before = statistics();
        long cpuBefore = cpu.nanos();
        long began = System.nanoTime();
        Thread.sleep(millis);
        long cpuNanos = cpu.nanos() - cpuBefore;
        PortStatistics[] after = statistics();
        long nanos = System.nanoTime() - began;
        double frontNanos = nanosPerFrame(front.ask("stop"));
        long left = drain();
        double busy = testpmd == null ? Double.NaN : nanosPerFrame(testpmd.ask("stop"));
        long received = received(after) - received(before);
        return new Flow(
                received * 1e9 / nanos,
                (double) cpuNanos / received,
                busy,
                frontNanos,
                1 - (double) left / (2L * (frames / BURST) * BURST));
    }

    private PortStatistics[] statistics() throws IOException, InterruptedException {
        return new PortStatistics[] {front.statistics(0), front.statistics(1)};
    }

    private static long received(PortStatistics... ports) {
        return ports[0].received() + ports[1].received();
    }

    /** Takes the frames out that still go round. @return how many */
    private long drain() throws IOException, InterruptedException {
        long before = received(statistics());
        front.forward("rxonly");
        Thread.sleep(SETTLE_MILLIS);
        front.stop();
        return received(statistics()) - before;
    }

    /** Of what testpmd says when it stops. */
    private static double nanosPerFrame(String said) {
        Matcher matcher = CYCLES.matcher(said);
        return matcher.find()
                ? Double.parseDouble(matcher.group(1)) * 1e3 / Double.parseDouble(matcher.group(2))
                : Double.NaN;
    }

    @Override
    public void close() {
        try {
            front.kill();
            end(testpmd, daemon);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void end(Testpmd testpmd, Process daemon) throws InterruptedException {
        if (testpmd != null) {
            testpmd.kill();
        }
        if (daemon != null) {
            daemon.destroyForcibly().waitFor();
        }
    }
}
