package ringfence.vmm.machine;

import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import ringfence.process.Log;
import ringfence.vmm.device.remote.Phase;
import ringfence.vmm.device.remote.RemoteListener;
import ringfence.vmm.device.remote.RemoteState;
import ringfence.vmm.event.Event;
import ringfence.vmm.event.EventSink;

/** Tells the log, the counters and the events what becomes of a device's connection, and somebody else that it cannot be. */
final class ConnectionLog implements RemoteListener {
    private final String device;
    private final Counters counters;
    private final EventSink events;
    private final Consumer<String> failed;
    private final Log log = Log.of("device");
    private boolean hung; // as it was told last

    /** @param failed told why whoever serves the device cannot be used as it is; perhaps again. By the link thread */
    ConnectionLog(String device, Counters counters, EventSink events, Consumer<String> failed) {
        this.device = device;
        this.counters = counters;
        this.events = events;
        this.failed = failed;
    }

    @Override
    public void changed(RemoteState state) {
        counters.connection(device, state);
        boolean goesOn = hung && state.phase() == Phase.CONNECTED;
        hung = state.hung();
        if (hung && state.phase() == Phase.FAILED) {
            log.error(device + ": " + state.reason()); // it is somebody's turn
            tellUnresponsive(state.reason());
        } else if (hung) {
            unresponsive(state.reason());
        } else if (goesOn) {
            log.info(device + ": process " + state.peer() + " goes on");
            if (events.isOpen()) {
                events.tell(new Event.DeviceResponds(device));
            }
        } else {
            passed(state);
        }
    }

    private void passed(RemoteState state) {
        if (events.isOpen()) {
            tell(state);
        }
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

    private void tell(RemoteState state) {
        switch (state.phase()) {
            case CONNECTED -> {
                events.tell(
                        state.reconnects() > 0
                                ? new Event.DeviceReconnected(device, state.peer(), state.lastGapNanos())
                                : new Event.DeviceConnected(device, state.peer()));
            }
            case LOST -> events.tell(new Event.DeviceLost(device, state.reason()));
            case FAILED -> events.tell(new Event.DeviceRefused(device, state.reason()));
            case RECONNECTING -> events.tell(new Event.DeviceReconnecting(device, state.reason()));
            case CONNECTING -> {} // before the first event
        }
    }

    @Override
    public void unresponsive(String why) {
        log.warn(device + ": " + why);
        tellUnresponsive(why);
    }

    private void tellUnresponsive(String why) {
        if (events.isOpen()) {
            events.tell(new Event.DeviceUnresponsive(device, why));
        }
    }

    @Override
    public void failedRequests(long count) {
        counters.failedRequests(device, count);
        log.warn(device + ": " + count + " requests were failed, with each of which two daemons had died");
        if (events.isOpen()) {
            events.tell(new Event.RequestsFailed(device, count));
        }
    }
}
