package ringfence.net.cli;

import java.util.function.Consumer;
import ringfence.linux.Interfaces;
import ringfence.linux.Linux;
import ringfence.net.backend.TapPorts;
import ringfence.net.backend.TapSpec;
import ringfence.net.engine.NetDevice;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendOptions;

/** The device being served: owns its taps and its back-end. */
final class Service implements AutoCloseable {
    private final TapPorts ports;
    private final NetDevice device;
    private final Backend backend;
    private final CountersOption counters;
    private final Consumer<String> details;
    private boolean closed;

    private Service(
            TapPorts ports, NetDevice device, Backend backend, CountersOption counters, Consumer<String> details) {
        this.ports = ports;
        this.device = device;
        this.backend = backend;
        this.counters = counters;
        this.details = details;
    }

    /**
     * Opens a device and serves it.
     *
     * @param details takes lines for those who want to know more; the counters, at the end
     * @throws RuntimeException with one line for the user; nothing stays open
     */
    static Service open(Linux linux, NetSpec spec, BackendOptions options, Consumer<String> details) {
        TapPorts ports = TapPorts.open(linux, spec.taps(), spec.options().pairs(), spec.mtu());
        try {
            spec.host().set(new Interfaces(linux), ports.name());
            boolean chosen = spec.taps() instanceof TapSpec.Named(String name) && !name.equals(ports.name());
            (chosen ? options.log() : details)
                    .accept("serving " + ports.name() + ": " + ports.count() + " queue pairs, mtu "
                            + (ports.mtu().isPresent() ? ports.mtu().getAsInt() : "unknown")
                            + (ports.uso() ? ", with UDP segmentation" : ""));
            CountersOption counters =
                    CountersOption.open(spec.counters(), 2 * spec.options().pairs());
            NetDevice device = new NetDevice(ports, spec.options(), counters.counters(), options.name());
            Backend backend = spec.socket().serve(linux, device, options.withCounters(counters.counters()));
            return new Service(ports, device, backend, counters, details);
        } catch (RuntimeException e) {
            ports.close();
            throw e;
        }
    }

    /** Waits until its back-end has ended. */
    void await() throws InterruptedException {
        backend.await();
    }

    @Override
    public synchronized void close() { // by a signal's thread, which then ends the process, and by main's
        backend.close();
        if (closed) {
            return;
        }
        closed = true;
        for (int i = 0; i < device.queueCount(); i++) {
            details.accept("queue " + i + (i % 2 == 0 ? " (to the guest): " : " (from the guest): ")
                    + device.counters().get(i));
        }
        counters.close();
        ports.close();
    }
}
