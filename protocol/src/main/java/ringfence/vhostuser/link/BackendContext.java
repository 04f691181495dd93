package ringfence.vhostuser.link;

import java.util.List;
import java.util.Queue;
import ringfence.linux.EventFd;
import ringfence.linux.Linux;

/**
 * What all parts of a back-end share.
 *
 * @param alarm wakes the connection's thread
 * @param failures where a worker leaves the reason why it gave up, before it rings the alarm
 * @param stats of each queue, by index
 */
record BackendContext(
        Linux linux,
        BackendDevice device,
        BackendOptions options,
        EventFd alarm,
        Queue<Throwable> failures,
        List<QueueStats> stats) {
    /** One line. */
    void log(String line) {
        options.log().accept(line);
    }

    /** A worker has given up. Any thread. */
    void failed(Throwable reason) {
        failures.add(reason);
        alarm.signal();
    }
}
