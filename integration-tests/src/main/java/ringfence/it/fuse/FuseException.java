package ringfence.it.fuse;

import ringfence.linux.Errno;

/** A request that the file system has answered with an error. */
public final class FuseException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final Errno errno;

    FuseException(int opcode, long node, Errno errno) {
        super("opcode " + opcode + " at node 0x" + Long.toHexString(node) + ": " + errno);
        this.errno = errno;
    }

    /** Which. */
    public Errno errno() {
        return errno;
    }
}
