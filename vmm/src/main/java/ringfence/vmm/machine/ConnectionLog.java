package ringfence.vmm.machine;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import ringfence.process.Log;
import ringfence.vmm.device.remote.RemoteListener;
import ringfence.vmm.device.remote.RemoteState;

/** Tells the log and the counters what becomes of a device's connection, and somebody else that it cannot be. */
final class ConnectionLog implements RemoteListener {
    private final String device;
    private final Counters counters;
    private final Consumer<String> failed;
    private final Log log = Log.of("device");

    /** @param failed told why whoever serves the device cannot be used as it is; perhaps again. By the link thread */
    ConnectionLog(String device, Counters counters, Consumer<String> failed) {
        this.device = device;
        this.counters = counters;
        this.failed = failed;
    }

    @Override
    public void changed(RemoteState state) {
        counters.connection(device, state);
        switch (state.phase()) {
            case CONNECTED ->
                log.info(device + ": connected to process " + state.peer()
                        + (state.reconnects() == 0
                                ? ""
                                : ", back-end " + (state.reconnects() + 1) + ", after a gap of "
                                        + TimeUnit.NANOSECONDS.toMillis(state.lastGapNanos()) + " ms"));
            case CONNECTING, RECONNECTING -> log.debug(() -> device + ": " + state.phase() + ": " + state.reason());
            case LOST -> log.warn(device + ": back-end lost: " + state.reason());
            case FAILED -> {
                log.error(device + ": " + state.reason());
                failed.accept(state.reason());
            }
        }
    }

    @Override
    public void unresponsive(String why) {
        log.warn(device + ": " + why);
    }
}
