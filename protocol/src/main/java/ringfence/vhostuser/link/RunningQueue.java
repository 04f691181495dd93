package ringfence.vhostuser.link;

import java.util.Optional;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.AgentTerminationException;
import ringfence.linux.EventFd;
import ringfence.virtio.queue.QueueState;

/** A started queue as the connection's thread has it: its worker, the worker's thread, its engine. */
final class RunningQueue {
    private final QueueWorker worker;
    private final QueueEngine engine;
    private final AgentRunner runner;
    private final Thread thread;

    /** Starts the thread, which bears the worker's name. */
    RunningQueue(QueueWorker worker, QueueEngine engine) {
        this.worker = worker;
        this.engine = engine;
        runner = new AgentRunner(worker, RunningQueue::unexpected, null, worker);
        thread = AgentRunner.startOnThread(runner, task -> {
            Thread made = new Thread(task);
            made.setDaemon(true);
            return made;
        });
    }

    /** The worker handles its own failures; here comes only the word that it has ended. */
    private static void unexpected(Throwable e) {
        if (!(e instanceof AgentTerminationException)) {
            throw new IllegalStateException(e);
        }
    }

    /** Gives it another call eventfd; the old one may be closed when this returns. */
    void call(EventFd other) {
        worker.call(other, thread);
    }

    /**
     * Takes nothing more, drains, ends its thread, closes its engine. Waits for as long as the engine needs.
     *
     * @return where it stands; nothing if the worker gave up
     */
    Optional<QueueState> stop() {
        worker.stop();
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException _) {
                interrupted = true; // memory must not be unmapped under a running worker: go on
            }
        }
        runner.close();
        engine.close();
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return Optional.ofNullable(worker.state());
    }
}
