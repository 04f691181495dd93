package ringfence.vhostuser.link;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import ringfence.linux.Linux;

/** Which threads serve the queues of a device, or of several: {@link BackendOptions#workers}. Any thread may use one. */
public abstract sealed class Workers {
    private Workers() {}

    /** Each queue has a thread of its own. */
    public static Workers each() {
        return each(Map.of());
    }

    /**
     * The same.
     *
     * @param cpus the host's CPUs of a queue's thread, by queue; one of whose CPUs none is there, any more, runs anywhere, as those
     *     that have none
     */
    public static Workers each(Map<Integer, List<Integer>> cpus) {
        return new Each(cpus);
    }

    /**
     * One thread serves them all, of whatever devices: what one queue hands to another stays in that core's cache. Where
     * memory that may shrink is allowed, a front-end that shrinks it may cost the others on this thread their connection,
     * too.
     *
     * @param name of the thread, at most 15 characters
     */
    public static Workers together(String name) {
        return new Together(name, Crowd.here());
    }

    /**
     * One thread serves each two queues, those with the indices 0 and 1, 2 and 3 and so on, of one device: the two ways of a
     * network card's pair, whose traffic belongs together.
     *
     * @param name first part of the threads' names, at most 8 characters
     */
    public static Workers inPairs(String name) {
        return new InPairs(name);
    }

    /** Begins a worker. @return the thread that serves it */
    abstract WorkerThread begin(Linux linux, IdlePolicy idle, QueueWorker worker);

    private static final class Each extends Workers {
        private final Crowd crowd = Crowd.here();
        private final Map<Integer, List<Integer>> cpus;

        Each(Map<Integer, List<Integer>> cpus) {
            this.cpus = Map.copyOf(cpus);
        }

        @Override
        WorkerThread begin(Linux linux, IdlePolicy idle, QueueWorker worker) {
            List<Integer> own = cpus.getOrDefault(worker.start().index(), List.of());
            return WorkerThread.start(linux, idle, crowd, worker.start().name(), own, worker);
        }
    }

    private static final class Together extends Workers {
        private final String name;
        private final Crowd crowd;
        private WorkerThread thread;

        Together(String name, Crowd crowd) {
            this.name = name;
            this.crowd = crowd;
        }

        @Override
        synchronized WorkerThread begin(Linux linux, IdlePolicy idle, QueueWorker worker) {
            if (thread == null || !thread.admit(worker)) {
                thread = WorkerThread.start(linux, idle, crowd, name, List.of(), worker);
            }
            return thread;
        }
    }

    private static final class InPairs extends Workers {
        private final String name;
        private final Crowd crowd = Crowd.here();
        private final Map<Integer, Workers> pairs = new ConcurrentHashMap<>();

        InPairs(String name) {
            this.name = name;
        }

        @Override
        WorkerThread begin(Linux linux, IdlePolicy idle, QueueWorker worker) {
            return pairs.computeIfAbsent(worker.start().index() / 2, pair -> new Together(name + "/pair" + pair, crowd))
                    .begin(linux, idle, worker);
        }
    }
}
