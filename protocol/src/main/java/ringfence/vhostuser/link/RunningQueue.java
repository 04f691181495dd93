package ringfence.vhostuser.link;

import java.util.Optional;
import ringfence.linux.EventFd;
import ringfence.virtio.queue.QueueState;

/** A started queue as the connection's thread has it: its worker, the thread that serves it, its engine. */
final class RunningQueue {
    private final QueueWorker worker;
    private final QueueEngine engine;
    private final WorkerThread thread;
    private final Pulse pulse;

    /** Begins the worker. */
    RunningQueue(QueueWorker worker, QueueEngine engine, BackendContext context) {
        this.worker = worker;
        this.engine = engine;
        BackendOptions options = context.options();
        thread = options.workers().begin(context.linux(), options.idle(), worker);
        pulse = options.pulse();
        pulse.begins(worker);
    }

    /** Gives it another call eventfd; the old one may be closed when this returns. */
    void call(EventFd other) {
        worker.call(other, thread);
    }

    /**
     * Takes nothing more, drains, ends, closes its engine. Waits for as long as the engine needs.
     *
     * @return where it stands; nothing if the worker gave up
     */
    Optional<QueueState> stop() {
        worker.stop(thread);
        worker.await();
        pulse.ends(worker);
        engine.close();
        return Optional.ofNullable(worker.state());
    }
}
