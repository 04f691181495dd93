package ringfence.vhostuser.link;

import ringfence.linux.Linux;

/** Which threads serve the queues of a device, or of several: {@link BackendOptions#workers}. Any thread may use one. */
public abstract sealed class Workers {
    private Workers() {}

    /** Each queue has a thread of its own. */
    public static Workers each() {
        return new Each();
    }

    /**
     * One thread serves them all, of whatever devices: what one queue hands to another stays in that core's cache. Where
     * memory that may shrink is allowed, a front-end that shrinks it may cost the others on this thread their connection,
     * too.
     *
     * @param name of the thread, at most 15 characters
     */
    public static Workers together(String name) {
        return new Together(name);
    }

    /** Begins a worker. @return the thread that serves it */
    abstract WorkerThread begin(Linux linux, IdlePolicy idle, QueueWorker worker);

    private static final class Each extends Workers {
        @Override
        WorkerThread begin(Linux linux, IdlePolicy idle, QueueWorker worker) {
            return WorkerThread.start(linux, idle, worker.start().name(), worker);
        }
    }

    private static final class Together extends Workers {
        private final String name;
        private WorkerThread thread;

        Together(String name) {
            this.name = name;
        }

        @Override
        synchronized WorkerThread begin(Linux linux, IdlePolicy idle, QueueWorker worker) {
            if (thread == null || !thread.admit(worker)) {
                thread = WorkerThread.start(linux, idle, name, worker);
            }
            return thread;
        }
    }
}
