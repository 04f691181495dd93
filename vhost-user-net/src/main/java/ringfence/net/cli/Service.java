package ringfence.net.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import ringfence.linux.Linux;
import ringfence.net.engine.NetDevice;
import ringfence.telemetry.Counters;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendOptions;

/** The devices being served: owns their back-ends, and what they are connected to. */
final class Service implements AutoCloseable {
    private final List<NetDevice> devices = new ArrayList<>();
    private final List<Backend> backends = new ArrayList<>();
    private final CountersOption counters;
    private final Wiring wiring;
    private final Consumer<String> details;
    private boolean closed;

    private Service(CountersOption counters, Wiring wiring, Consumer<String> details) {
        this.counters = counters;
        this.wiring = wiring;
        this.details = details;
    }

    /**
     * Opens the devices and serves them.
     *
     * @param details takes lines for those who want to know more; the counters, at the end
     * @throws RuntimeException with one line for the user; nothing stays open
     */
    static Service open(Linux linux, NetSpec spec, BackendOptions options, Consumer<String> details) {
        CountersOption counters = CountersOption.open(spec.counters(), spec.queues());
        Counters source = counters.counters();
        Service service = new Service(counters, Wiring.open(linux, spec, source, options.log(), details), details);
        try {
            for (int i = 0; i < spec.seats().size(); i++) {
                String name = "net" + i;
                NetSpec.Seat seat = spec.seats().get(i);
                NetDevice device = new NetDevice(service.wiring.network(i), seat.options(), source, name);
                BackendOptions own = options.withCounters(source).withName(name);
                service.devices.add(device);
                service.backends.add(seat.socket()
                        .serve(
                                linux,
                                device,
                                spec.seats().size() == 1
                                        ? own
                                        : own.withLog(line -> options.log().accept(name + ": " + line))));
            }
            return service;
        } catch (RuntimeException e) {
            service.backends.forEach(Backend::close);
            service.wiring.close();
            throw e;
        }
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
        wiring.close();
    }
}
