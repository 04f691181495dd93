package ringfence.vhostuser.link;

import java.util.Arrays;
import java.util.List;
import org.agrona.concurrent.Agent;
import org.agrona.concurrent.AgentRunner;
import org.agrona.concurrent.AgentTerminationException;
import org.agrona.concurrent.IdleStrategy;
import ringfence.linux.ErrnoException;
import ringfence.linux.Linux;

/**
 * A thread that serves queues: an Agrona agent, and its own idle strategy. It ends when it has served the last of its
 * workers; then it takes no other.
 */
final class WorkerThread implements Agent, IdleStrategy {
    private static final QueueWorker[] NONE = {};

    private final Linux linux;
    private final String name;
    private final List<Integer> cpus;
    private final Sleeper sleeper;
    /** Copied when it changes, under the lock. */
    private volatile QueueWorker[] workers = NONE;
    /** Under the lock, as is what follows. */
    private boolean over;

    private int admitted;

    private WorkerThread(Linux linux, IdlePolicy idle, Crowd crowd, String name, List<Integer> cpus) {
        this.linux = linux;
        this.name = name;
        this.cpus = cpus;
        sleeper = new Sleeper(linux, idle, crowd);
    }

    /**
     * One that serves this worker.
     *
     * @param crowd it is one of these
     * @param name of the thread, at most 15 characters
     * @param cpus of the host, on which it runs; empty: on any
     */
    static WorkerThread start(
            Linux linux, IdlePolicy idle, Crowd crowd, String name, List<Integer> cpus, QueueWorker first) {
        WorkerThread made = new WorkerThread(linux, idle, crowd, name, cpus);
        try {
            made.admit(first);
        } catch (RuntimeException e) {
            made.sleeper.close();
            throw e;
        }
        AgentRunner.startOnThread(new AgentRunner(made, WorkerThread::unexpected, null, made), task -> {
            Thread thread = new Thread(() -> made.run(task));
            thread.setDaemon(true);
            return thread;
        });
        return made;
    }

    /** Workers handle their own failures; here comes the word that it has ended, and what {@link #run} deals with. */
    private static void unexpected(Throwable e) {
        if (!(e instanceof AgentTerminationException || e instanceof Error)) {
            throw new IllegalStateException(e);
        }
    }

    /**
     * Workers ask for the errors of memory that was truncated before their turn ends. If one comes between two turns nevertheless,
     * it can be that of any: it ends this thread, so all that it serves fail, and nobody waits for them.
     */
    private void run(Runnable task) {
        if (!cpus.isEmpty()) {
            bind();
        }
        try {
            task.run();
        } catch (InternalError e) {
            for (QueueWorker worker : abandoned()) {
                worker.fail(e);
                worker.end();
            }
            sleeper.close();
        }
    }

    private void bind() {
        try {
            linux.processes().runOn(cpus);
        } catch (ErrnoException _) {
            // they were there when the daemon began; without them it is slower, and that is all
        }
    }

    private synchronized QueueWorker[] abandoned() {
        QueueWorker[] left = workers;
        workers = NONE;
        over = true;
        return left;
    }

    /** Serves one more. Any thread. @return false: it has ended */
    synchronized boolean admit(QueueWorker worker) {
        if (over) {
            return false;
        }
        int count = workers.length;
        QueueStart start = worker.start();
        worker.token(admitted++);
        sleeper.watch(
                worker.token(),
                start.kick(),
                start.engine().wakeup(),
                start.engine().source());
        QueueWorker[] more = Arrays.copyOf(workers, count + 1);
        more[count] = worker;
        workers = more;
        sleeper.wake();
        return true;
    }

    private synchronized void dismiss(QueueWorker worker) {
        QueueWorker[] now = workers;
        QueueWorker[] fewer = new QueueWorker[now.length - 1];
        int kept = 0;
        for (QueueWorker one : now) {
            if (one != worker) {
                fewer[kept++] = one;
            }
        }
        QueueStart start = worker.start();
        sleeper.forget(start.kick(), start.engine().wakeup(), start.engine().source());
        workers = fewer;
        over = kept == 0;
    }

    /** A worker has been told something. Any thread. */
    synchronized void wake() {
        if (!over) {
            sleeper.wake();
        }
    }

    @Override
    public String roleName() {
        return name;
    }

    @Override
    public int doWork() {
        QueueWorker[] now = workers;
        int work = 0;
        boolean ended = false;
        for (QueueWorker worker : now) {
            work += worker.work();
            ended |= worker.isOver();
        }
        if (ended) {
            retire(now);
        }
        return work;
    }

    private void retire(QueueWorker[] now) {
        for (QueueWorker worker : now) {
            if (worker.isOver()) {
                dismiss(worker);
                worker.end();
            }
        }
        if (workers.length == 0) {
            throw new AgentTerminationException();
        }
    }

    @Override
    public void onClose() {
        sleeper.close();
    }

    @Override
    public void idle(int workCount) {
        if (workCount > 0) {
            sleeper.worked();
            return;
        }
        QueueWorker[] now = workers;
        for (QueueWorker worker : now) {
            worker.idled();
        }
        if (!sleeper.spin()) {
            sleep(now);
        }
    }

    /** The order: arm, then look for a word, then sleep. */
    private void sleep(QueueWorker[] now) {
        boolean goesOn = false;
        boolean polls = false;
        for (QueueWorker worker : now) {
            goesOn |= worker.arm();
            polls |= worker.isPolled();
        }
        for (QueueWorker worker : now) {
            goesOn |= worker.hasWord();
        }
        if (!goesOn) {
            sleepOf(now, polls);
        }
        for (QueueWorker worker : now) {
            worker.awake();
        }
    }

    private void sleepOf(QueueWorker[] now, boolean polls) {
        for (QueueWorker worker : now) {
            worker.slept();
        }
        sleeper.sleep(polls);
        for (int i = 0; i < sleeper.kicks(); i++) {
            for (QueueWorker worker : now) {
                if (worker.token() == sleeper.kicked(i)) {
                    worker.kicked();
                }
            }
        }
    }

    @Override
    public void idle() {
        idle(0);
    }

    @Override
    public void reset() {
        sleeper.worked();
    }
}
