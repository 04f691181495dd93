package ringfence.net.engine;

import ringfence.linux.Linux;
import ringfence.vhostuser.link.QueueEngine;

/**
 * The limits of a device, per direction, over all of its queues.
 *
 * @param linux for the timers of queues that wait
 * @param toGuest of what it receives
 * @param fromGuest of what it sends
 */
public record DeviceLimits(Linux linux, Limiter toGuest, Limiter fromGuest) {
    /** None yet. */
    public static DeviceLimits of(Linux linux) {
        return new DeviceLimits(linux, new Limiter(), new Limiter());
    }

    QueueEngine limited(FrameReceiver engine, QueueCounters counters) {
        return new LimitedReceiver(engine, new Gate(linux, toGuest, counters));
    }

    QueueEngine limited(QueueEngine engine, QueueCounters counters) {
        return new LimitedTransmitter(engine, new Gate(linux, fromGuest, counters));
    }
}
