package ringfence.vmm.device.remote;

/** Who is told of a device's connection. Called by its link thread and by the {@link HangWatch}; never blocks. */
public interface RemoteListener {
    /** Nobody listens. */
    RemoteListener NONE = new RemoteListener() {
        @Override
        public void changed(RemoteState state) {
            // nobody listens
        }

        @Override
        public void unresponsive(String why) {
            // nobody listens
        }

        @Override
        public void failedRequests(long count) {
            // nobody listens
        }
    };

    /** The state has changed. */
    void changed(RemoteState state);

    /**
     * The connection is lost, and the process of the back-end was still alive a moment later: it hangs, has closed the
     * connection, or is on its way out; another one is not let in before it is dead. Or it hangs, and is being killed.
     *
     * @param why one line
     */
    void unresponsive(String why);

    /** So many requests more were failed by the back-end because two before it had died with them. */
    void failedRequests(long count);
}
