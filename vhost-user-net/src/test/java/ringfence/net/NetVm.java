package ringfence.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.linux.Tap;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.net.backend.TapPorts;
import ringfence.net.backend.TapSpec;
import ringfence.net.engine.DeviceLimits;
import ringfence.net.engine.MacAddress;
import ringfence.net.engine.NetDevice;
import ringfence.net.engine.NetOptions;
import ringfence.net.engine.Network;
import ringfence.net.engine.QueueCounters;
import ringfence.net.engine.TapNetwork;
import ringfence.telemetry.Counters;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.FrontendOptions;
import ringfence.vhostuser.link.Offer;
import ringfence.vhostuser.link.Workers;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;

/** A virtual machine without a CPU, with a network card that our device serves over a socket pair, on a real tap; or somebody else. */
public final class NetVm implements AutoCloseable {
    public static final int SIZE = 256;
    public static final int HEADER = 12;
    /** Where a queue's buffers begin: this, times its index and one. */
    public static final long BUFFERS = 2 << 20;

    private static final long RINGS = 0x8000;
    private static final long RAM = 16 << 20;
    private static final long PROTOCOL = ProtocolFeature.mask(
            ProtocolFeature.MQ,
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.CONFIG,
            ProtocolFeature.CONFIGURE_MEM_SLOTS,
            ProtocolFeature.LOG_SHMFD);

    /** What serves it; null: somebody else. */
    public final NetDevice device;

    /** Of the device; null: somebody else's. */
    public final Backend backend;

    public final Frontend frontend;
    public final Offer offer;
    private final Linux linux;
    private final TapPorts ports;
    private final Fd memory;
    private final Mapping mapping;
    private final MemoryTable table;
    private final EventFd[] kicks;
    private final EventFd[] calls;
    private final EventFd[] errors;
    private final QueueConfig[] configs;
    private final GuestDriver[] drivers;
    private final long[] next;

    /** @param features the driver's; those that are not offered are left out */
    public NetVm(Linux linux, int pairs, long features) {
        this(linux, pairs, features, Counters.hidden());
    }

    /** @param counters where device and queues count */
    public NetVm(Linux linux, int pairs, long features, Counters counters) {
        this(linux, tap(linux, pairs), features, counters, "net");
    }

    /** A card on some other network. @param name of the device, and of its threads */
    public NetVm(Linux linux, Network network, long features, String name) {
        this(linux, network, features, name, Optional.empty());
    }

    /** A card on some other network, whose queues are served by these threads. */
    public NetVm(Linux linux, Network network, long features, String name, Workers workers) {
        this(linux, null, network, features, Counters.hidden(), name, Optional.empty(), workers, true);
    }

    /** As the last, but its memory may shrink, see {@link #shrink}. */
    public static NetVm ofMemoryThatShrinks(Linux linux, Network network, String name, Workers workers) {
        return new NetVm(linux, null, network, -1, Counters.hidden(), name, Optional.empty(), workers, false);
    }

    /** A card on some other network, with limits. */
    public NetVm(Linux linux, Network network, long features, String name, Optional<DeviceLimits> limits) {
        this(linux, null, network, features, Counters.hidden(), name, limits, Workers.each(), true);
    }

    private NetVm(Linux linux, TapPorts ports, long features, Counters counters, String name) {
        this(
                linux,
                ports,
                new TapNetwork(ports),
                features,
                counters,
                name,
                Optional.empty(),
                Workers.inPairs(name),
                true);
    }

    private NetVm(
            Linux linux,
            TapPorts ports,
            Network network,
            long features,
            Counters counters,
            String name,
            Optional<DeviceLimits> limits,
            Workers workers,
            boolean sealed) {
        this(
                linux,
                ports,
                device(network, counters, name, limits),
                features,
                BackendOptions.defaults()
                        .withName(name)
                        .withCounters(counters)
                        .withAllowUnsealed(!sealed)
                        .withWorkers(workers),
                linux.sockets().pair());
    }

    private NetVm(Linux linux, TapPorts ports, NetDevice device, long features, BackendOptions options, Fd[] pair) {
        this(
                linux,
                ports,
                device,
                Backend.listen(linux, pair[1], device, options),
                device.queueCount(),
                features,
                pair[0],
                !options.allowUnsealed());
    }

    /** A card with one pair of queues at a socket that is connected to whoever serves it. */
    public NetVm(Linux linux, Fd connected, long features) {
        this(linux, null, null, null, 2, features, connected, true);
    }

    private static NetDevice device(Network network, Counters counters, String name, Optional<DeviceLimits> limits) {
        return new NetDevice(
                network,
                new NetOptions(network.pairs(), SIZE, Optional.of(MacAddress.parse("--mac", "52:54:00:00:00:01"))),
                counters,
                name,
                limits,
                () -> {});
    }

    private NetVm(
            Linux linux,
            TapPorts ports,
            NetDevice device,
            Backend backend,
            int queues,
            long features,
            Fd connected,
            boolean sealed) {
        this.linux = linux;
        this.ports = ports;
        this.device = device;
        this.backend = backend;
        frontend = Frontend.over(
                linux, connected, FrontendOptions.defaults().withDeadlines(5_000_000_000L, 10_000_000_000L));
        memory = linux.memory().memfd("guest", RAM);
        if (sealed) {
            linux.memory().seal(memory, Seal.SHRINK, Seal.GROW);
        }
        mapping = linux.memory().map(memory, 0, RAM);
        table = MemoryTable.of(List.of(new Region(0, mapping.address(), RAM, mapping, 0, memory, 0)));
        offer = frontend.hello(PROTOCOL);
        frontend.features(offer.features() & features);
        frontend.memory(table);
        kicks = new EventFd[queues];
        calls = new EventFd[queues];
        errors = new EventFd[queues];
        configs = new QueueConfig[queues];
        drivers = new GuestDriver[queues];
        next = new long[queues];
        for (int i = 0; i < queues; i++) {
            kicks[i] = linux.events().eventFd();
            calls[i] = linux.events().eventFd();
            errors[i] = linux.events().eventFd();
            configs[i] = GuestDriver.place(RINGS * (i + 1), SIZE, true, true);
            drivers[i] = GuestDriver.direct(configs[i], table);
        }
    }

    private static TapPorts tap(Linux linux, int pairs) {
        assumeTaps(linux);
        TapPorts ports = TapPorts.open(linux, new TapSpec.Named(""), pairs, OptionalInt.of(1500));
        quiet(ports.name());
        return ports;
    }

    /** The host sends nothing of its own accord. */
    public static void quiet(String name) {
        Path ipv6 = Path.of("/proc/sys/net/ipv6/conf", name, "disable_ipv6");
        try {
            if (Files.exists(ipv6)) {
                Files.writeString(ipv6, "1");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Skips a test where no tap can be made. */
    public static void assumeTaps(Linux linux) {
        try (Tap tap = Tap.open(linux, "", false)) {
            assertThat(tap.name()).isNotEmpty();
        } catch (ErrnoException e) {
            assumeThat(e.errno()).as(e.getMessage()).isNotIn(Errno.ENOENT, Errno.EPERM, Errno.EACCES);
            throw e;
        }
    }

    /** The interface's name on the host. */
    public String tap() {
        return ports.name();
    }

    public GuestDriver driver(int queue) {
        return drivers[queue];
    }

    public QueueCounters counters(int queue) {
        return device.counters().get(queue);
    }

    /** Starts a queue from where its driver stands, and enables it. */
    public void start(int queue) {
        QueueState from = new QueueState(drivers[queue].usedIndex(), drivers[queue].usedIndex());
        frontend.startQueue(queue, configs[queue], from, kicks[queue], calls[queue], errors[queue]);
    }

    /** Where a queue's ring lies. */
    public QueueConfig config(int queue) {
        return configs[queue];
    }

    /** Whether the device has said, since the last call, that the driver has broken a queue. */
    public boolean hasBroken(int queue) {
        return errors[queue].drain() > 0;
    }

    /** Starts a stopped queue as after a reset: an empty ring, a driver that knows nothing of the old one. */
    public void startAnew(int queue) {
        drivers[queue] = GuestDriver.direct(configs[queue], table);
        start(queue);
    }

    /** The guest's memory. */
    public MemoryTable memory() {
        return table;
    }

    /** Both queues of a pair. */
    public void startPair(int pair) {
        start(2 * pair);
        start(2 * pair + 1);
    }

    /** A fresh place in a queue's buffers, which are used over and over. */
    public long place(int queue, int length) {
        long at = next[queue];
        if (at + length > BUFFERS) {
            at = 0;
        }
        next[queue] = at + (length + 63 & ~63);
        return BUFFERS * (queue + 1) + at;
    }

    public void write(long gpa, byte[] bytes) {
        table.write(gpa, bytes);
    }

    public byte[] read(long gpa, int count) {
        byte[] bytes = new byte[count];
        table.read(gpa, bytes);
        return bytes;
    }

    /** Cuts the memory off behind the rings, where the buffers were. */
    public void shrink() {
        linux.files().truncate(memory, 1 << 20);
    }

    /** Posts receive buffers, a chain each. */
    public void post(int queue, int buffers, int length) {
        for (int i = 0; i < buffers; i++) {
            assertThat(drivers[queue].begin(1)).isTrue();
            long at = place(queue, length);
            drivers[queue].writable(at, length);
            drivers[queue].offer(at);
        }
        publish(queue);
    }

    public void publish(int queue) {
        if (drivers[queue].publish()) {
            kick(queue);
        }
    }

    public void kick(int queue) {
        kicks[queue].signal();
    }

    /** Sends a frame behind a header, in pieces of that many bytes, and waits until the device has used the chain. */
    public void send(int queue, byte[] header, byte[] frame, int piece) {
        byte[] all = new byte[header.length + frame.length];
        System.arraycopy(header, 0, all, 0, header.length);
        System.arraycopy(frame, 0, all, header.length, frame.length);
        long at = place(queue, all.length);
        write(at, all);
        assertThat(drivers[queue].begin((all.length + piece - 1) / piece)).isTrue();
        for (int done = 0; done < all.length; done += piece) {
            drivers[queue].readable(at + done, Math.min(piece, all.length - done));
        }
        drivers[queue].offer(0);
        publish(queue);
        until(drivers[queue]::hasUsed);
        assertThat(drivers[queue].reap()).isNotNegative();
        assertThat(drivers[queue].written()).isZero();
    }

    /** A frame that the guest has got, and how many buffers it fills. */
    public record Got(byte[] header, byte[] frame, int buffers) {}

    /** Waits for the next frame; its buffers hold the cookies that {@link #post} has given them. */
    public Got receive(int queue) {
        GuestDriver driver = drivers[queue];
        until(driver::hasUsed);
        assertThat(driver.reap()).isNotNegative();
        byte[] all = read(driver.cookie(), (int) driver.written());
        int buffers = all[10] & 0xff | (all[11] & 0xff) << 8;
        for (int i = 1; i < buffers; i++) {
            assertThat(driver.reap()).as("buffer " + i + " of " + buffers).isNotNegative();
            byte[] part = read(driver.cookie(), (int) driver.written());
            byte[] longer = Arrays.copyOf(all, all.length + part.length);
            System.arraycopy(part, 0, longer, all.length, part.length);
            all = longer;
        }
        return new Got(Arrays.copyOf(all, HEADER), Arrays.copyOfRange(all, HEADER, all.length), buffers);
    }

    /** The next frame of that EtherType; others, which the host sends by itself, are passed over. */
    public Got receive(int queue, int type) {
        while (true) {
            Got got = receive(queue);
            if (((got.frame[12] & 0xff) << 8 | got.frame[13] & 0xff) == type) {
                return got;
            }
        }
    }

    /** Waits, but not for ever. */
    public static void until(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited for too long").isLessThan(deadline);
            Thread.yield();
        }
    }

    @Override
    public void close() {
        frontend.close();
        if (backend != null) {
            backend.close();
        }
        for (int i = 0; i < kicks.length; i++) {
            kicks[i].close();
            calls[i].close();
            errors[i].close();
        }
        mapping.close();
        memory.close();
        if (ports != null) {
            ports.close();
        }
    }
}
