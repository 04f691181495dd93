package ringfence.vmm.device.remote;

import ringfence.vhostuser.link.Heartbeat;

/** A back-end's process that its {@link SocketSource} has started. Any thread. */
public interface BackendProcess {
    /** Its process id. */
    int pid();

    /** By which it shows that it lives. */
    Heartbeat heartbeat();

    /** Kills it, if it lives; returns at once. Its death ends the connection, and the source starts another. */
    void kill();
}
