package ringfence.net.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import ringfence.linux.Linux;
import ringfence.net.engine.DeviceLimits;
import ringfence.net.engine.NetDevice;
import ringfence.telemetry.Counters;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.Workers;

/** The devices being served: owns their back-ends, and what they are connected to. */
final class Service implements AutoCloseable {
    private final List<NetDevice> devices = new ArrayList<>();
    private final List<Backend> backends = new CopyOnWriteArrayList<>();
    private final CountersOption counters;
    private final Wiring wiring;
    private final Optional<LimitsFile> limitsFile;
    private final List<DeviceLimits> limits;
    private final Consumer<String> details;
    private final Consumer<String> log;
    private boolean closed;
    private volatile boolean failed;

    private Service(Linux linux, NetSpec spec, Consumer<String> log, Consumer<String> details) {
        this.log = log;
        this.details = details;
        limits = spec.seats().stream().map(seat -> DeviceLimits.of(linux)).toList();
        limitsFile = spec.limits().map(file -> LimitsFile.open(file, limits, log));
        counters = CountersOption.open(spec.counters(), spec.queues());
        wiring = Wiring.open(linux, spec, counters.counters(), log, details, this::lost);
    }

    /** What the devices are connected to is gone: they end. A queue's thread may say so, which ends with them. */
    private void lost(String reason) {
        log.accept(reason);
        failed = true;
        Thread.ofPlatform().name("ending").daemon().start(() -> backends.forEach(Backend::close));
    }

    /** Whether it has ended because it could not go on; a line has said why. */
    boolean hasFailed() {
        return failed;
    }

    /**
     * Opens the devices and serves them.
     *
     * @param details takes lines for those who want to know more; the counters, at the end
     * @throws RuntimeException with one line for the user; nothing stays open
     */
    static Service open(Linux linux, NetSpec spec, BackendOptions options, Consumer<String> details) {
        Service service = new Service(linux, spec, options.log(), details);
        Counters source = service.counters.counters();
        List<Workers> workers = workers(spec.way());
        try {
            for (int i = 0; i < spec.seats().size(); i++) {
                String name = "net" + i;
                NetSpec.Seat seat = spec.seats().get(i);
                NetDevice device = new NetDevice(
                        service.wiring.network(i),
                        seat.options(),
                        source,
                        name,
                        spec.limits().isPresent() ? Optional.of(service.limits.get(i)) : Optional.empty());
                BackendOptions own =
                        options.withCounters(source).withName(name).withWorkers(workers.get(i % workers.size()));
                service.devices.add(device);
                service.backends.add(seat.socket()
                        .serve(
                                linux,
                                device,
                                spec.seats().size() == 1
                                        ? own
                                        : own.withLog(line -> options.log().accept(name + ": " + line))));
            }
            if (service.failed) { // before all back-ends were there to be closed
                service.backends.forEach(Backend::close);
            }
            return service;
        } catch (RuntimeException e) {
            service.backends.forEach(Backend::close);
            service.wiring.close();
            throw e;
        }
    }

    /** The ports of a switch share threads, so that frames go from guest to guest without a detour. */
    private static List<Workers> workers(NetSpec.Way way) {
        return way instanceof NetSpec.Switching switching
                ? IntStream.range(0, switching.threads())
                        .mapToObj(i -> Workers.together("switch" + i))
                        .toList()
                : List.of(Workers.each());
    }

    /** Waits until its back-ends have ended. */
    void await() throws InterruptedException {
        for (Backend backend : backends) {
            backend.await();
        }
    }

    @Override
    public synchronized void close() { // by a signal's thread, which then ends the process, and by main's
        backends.forEach(Backend::close);
        if (closed) {
            return;
        }
        closed = true;
        for (NetDevice device : devices) {
            for (int i = 0; i < device.queueCount(); i++) {
                String which = devices.size() == 1 ? "queue " : "port " + devices.indexOf(device) + ", queue ";
                details.accept(which
                        + i
                        + (i % 2 == 0 ? " (to the guest): " : " (from the guest): ")
                        + device.counters().get(i));
            }
        }
        counters.close();
        limitsFile.ifPresent(LimitsFile::close);
        wiring.close();
    }
}
