package ringfence.vmm.device.remote;

/** Who is told of a device's connection, such as the supervisor of its daemon. Called by its link thread; never blocks. */
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
    };

    /** The state has changed. */
    void changed(RemoteState state);

    /**
     * The connection is lost, and the process of the back-end was still alive a moment later: it hangs, has closed the
     * connection, or is on its way out. Who owns that process may end it; another one is not let in before.
     *
     * @param why one line
     */
    void unresponsive(String why);
}
