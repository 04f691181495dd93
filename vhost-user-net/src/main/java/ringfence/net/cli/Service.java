package ringfence.net.cli;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.net.engine.DeviceLimits;
import ringfence.net.engine.NetDevice;
import ringfence.process.DaemonMain;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.BackendPool;
import ringfence.vhostuser.link.Serving;
import ringfence.vhostuser.link.SocketLock;
import ringfence.vhostuser.link.Workers;

/** The devices being served: owns their back-ends, and what they are connected to. A shared socket makes them as it needs them. */
final class Service implements DaemonMain.Service, AutoCloseable {
    private final Linux linux;
    private final NetSpec spec;
    private final BackendOptions options;
    private final Map<Integer, NetDevice> devices = new ConcurrentSkipListMap<>(); // by seat
    private final SeatOwners owners;
    private final List<Serving> backends = new CopyOnWriteArrayList<>();
    private final CountersOption counters;
    private final Wiring wiring;
    private final Optional<LimitsFile> limitsFile;
    private final List<DeviceLimits> limits;
    private final List<Workers> workers;
    private final Consumer<String> details;
    private final Consumer<String> log;
    private Optional<SocketLock> lock = Optional.empty();
    private boolean closed;
    private volatile boolean failed;

    private Service(
            Linux linux, NetSpec spec, Succession succession, BackendOptions options, Consumer<String> details) {
        this.linux = linux;
        this.spec = spec;
        this.options = options;
        this.details = details;
        log = options.log();
        workers = workers(spec.way());
        limits = spec.seats().stream().map(seat -> DeviceLimits.of(linux)).toList();
        limitsFile = spec.limits().map(file -> LimitsFile.open(file, limits, log));
        counters = CountersOption.open(spec);
        owners = new SeatOwners(linux, counters.counters(), spec.seats().size());
        wiring = Wiring.open(linux, spec, succession, counters.counters(), log, details, this::lost);
    }

    /** The right to listen; empty: nobody else listens at a descriptor that we were given. */
    private Optional<SocketLock> lock(NetSpec.Shared shared) {
        Optional<String> path = spec.seats().getFirst().socket().path();
        if (path.isEmpty()) {
            return Optional.empty();
        }
        String name = path.get() + SocketLock.SUFFIX;
        try {
            Optional<SocketLock> taken = shared.lock().isPresent()
                    ? SocketLock.inherited(linux, shared.lock().getAsInt())
                    : SocketLock.tryTake(linux, path.get());
            if (taken.isEmpty()) {
                throw new IllegalArgumentException(
                        "socket " + path.get() + " is in use: another one has locked " + name);
            }
            return taken;
        } catch (ErrnoException e) {
            throw new IllegalArgumentException(
                    (shared.lock().isPresent() ? "--lock-fd=" + shared.lock().getAsInt() : "lock " + name) + ": "
                            + e.errno().text(),
                    e);
        }
    }

    /** What the devices are connected to is gone: they end. A queue's thread may say so, which ends with them. */
    private void lost(String reason) {
        log.accept(reason);
        failed = true;
        Thread.ofPlatform().name("ending").daemon().start(() -> backends.forEach(Serving::close));
    }

    @Override
    public boolean hasFailed() {
        return failed;
    }

    /** The same, by one who has no predecessor and no successor. */
    static Service open(Linux linux, NetSpec spec, BackendOptions options, Consumer<String> details) {
        return open(linux, spec, Succession.none(), options, details);
    }

    /**
     * Opens the devices and serves them.
     *
     * @param succession who was here before; stays the caller's
     * @param details takes lines for those who want to know more; the counters, at the end
     * @throws RuntimeException with one line for the user; nothing stays open
     */
    static Service open(
            Linux linux, NetSpec spec, Succession succession, BackendOptions options, Consumer<String> details) {
        Service service = new Service(linux, spec, succession, options, details);
        try {
            service.serve();
            if (service.failed) { // before all back-ends were there to be closed
                service.backends.forEach(Serving::close);
            }
            return service;
        } catch (RuntimeException e) {
            service.backends.forEach(Serving::close);
            service.wiring.close();
            service.lock.ifPresent(SocketLock::close);
            throw e;
        }
    }

    private void serve() {
        if (spec.shared().isPresent()) {
            lock = lock(spec.shared().get());
            backends.add(BackendPool.open(
                    linux,
                    spec.seats().getFirst().socket(),
                    spec.seats().size(),
                    this::seat,
                    spec.shared().get().unused(),
                    log));
            return;
        }
        for (int i = 0; i < spec.seats().size(); i++) {
            backends.add(spec.seats().get(i).socket().serve(linux, device(i, name(i), () -> {}), options(i, name(i))));
        }
    }

    private static String name(int seat) {
        return "net" + seat;
    }

    private BackendPool.Seat seat(int index, Fd frontend) {
        String owner = owners.take(index, frontend, name(index));
        NetDevice device = device(
                index,
                owner,
                () -> owners.giveBack(index, spec.seats().get(index).options().pairs() * 2));
        return new BackendPool.Seat(device, options(index, owner));
    }

    private BackendOptions options(int seat, String owner) {
        BackendOptions own = options.withCounters(counters.counters())
                .withName(owner)
                .withWorkers(workers.get(seat % workers.size()));
        return spec.seats().size() == 1 ? own : own.withLog(line -> log.accept(name(seat) + ": " + line));
    }

    /** @param owner of its counters @param onEnd of its connections */
    private NetDevice device(int seat, String owner, Runnable onEnd) {
        NetDevice device = new NetDevice(
                wiring.network(seat),
                spec.seats().get(seat).options(),
                counters.counters(),
                owner,
                spec.limits().isPresent() ? Optional.of(limits.get(seat)) : Optional.empty(),
                onEnd);
        devices.put(seat, device);
        return device;
    }

    /** The ports of a switch share threads, so that frames go from guest to guest without a detour. */
    private static List<Workers> workers(NetSpec.Way way) {
        return way instanceof NetSpec.Switching switching
                ? IntStream.range(0, switching.threads())
                        .mapToObj(i -> Workers.together("switch" + i))
                        .toList()
                : List.of(Workers.inPairs("net0"));
    }

    @Override
    public void await() throws InterruptedException {
        for (Serving backend : backends) {
            backend.await();
        }
    }

    @Override
    public synchronized void close() { // by a signal's thread, which then ends the process, and by main's
        owners.keep();
        backends.forEach(Serving::close);
        if (closed) {
            return;
        }
        closed = true;
        devices.forEach((seat, device) -> {
            for (int i = 0; i < device.queueCount(); i++) {
                String which = spec.seats().size() == 1 ? "queue " : "port " + seat + ", queue ";
                details.accept(which
                        + i
                        + (i % 2 == 0 ? " (to the guest): " : " (from the guest): ")
                        + device.counters().get(i));
            }
        });
        counters.close();
        limitsFile.ifPresent(LimitsFile::close);
        wiring.close();
        lock.ifPresent(SocketLock::close);
    }
}
