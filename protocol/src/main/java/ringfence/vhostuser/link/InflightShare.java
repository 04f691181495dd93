package ringfence.vhostuser.link;

import ringfence.linux.Fd;
import ringfence.vhostuser.InflightArea;

/**
 * A region in which back-ends track requests in flight, as a front-end keeps it: a descriptor and numbers. It is never
 * mapped here; it outlives the back-end that made it and is handed to the next.
 */
public final class InflightShare implements AutoCloseable {
    private final Fd fd;
    private final InflightArea area;

    /** Takes ownership of the descriptor. */
    public InflightShare(Fd fd, InflightArea area) {
        this.fd = fd;
        this.area = area;
    }

    /** The file, still owned by this object. */
    public Fd fd() {
        return fd;
    }

    /** Where in the file, for how many queues of which size. */
    public InflightArea area() {
        return area;
    }

    @Override
    public void close() {
        fd.close();
    }
}
