package ringfence.vhostuser.link;

import java.nio.ByteBuffer;
import java.util.List;
import ringfence.linux.Fd;
import ringfence.vhostuser.Header;

/** A message as it came: undecoded, with its descriptors. Closing it closes those that nobody has taken. */
final class Frame implements AutoCloseable {
    private final Header header;
    private final ByteBuffer payload;
    private final Fd[] fds;

    Frame(Header header, ByteBuffer payload, List<Fd> fds) {
        this.header = header;
        this.payload = payload;
        this.fds = fds.toArray(Fd[]::new);
    }

    Header header() {
        return header;
    }

    ByteBuffer payload() {
        return payload;
    }

    /** How many descriptors came. */
    int descriptors() {
        return fds.length;
    }

    /** The i-th descriptor, which stays the frame's. */
    Fd peek(int i) {
        return fds[i];
    }

    /** The i-th descriptor, which is the caller's from now on. */
    Fd take(int i) {
        Fd taken = fds[i];
        fds[i] = null;
        return taken;
    }

    @Override
    public void close() {
        for (Fd fd : fds) {
            if (fd != null) {
                fd.close();
            }
        }
    }
}
