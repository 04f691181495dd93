package ringfence.keep;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.SequencedMap;
import ringfence.linux.Epoll;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * The supervisor's end of a {@link Standby}, which is not trusted: nothing here waits longer than half a second for it. One
 * thread at a time.
 */
public final class Successor implements AutoCloseable {
    private static final int PATIENCE_MILLIS = 500;

    private final Linux linux;
    private final Fd socket;
    private boolean warm;

    /** @param socket our end, owned by this object from now on */
    public Successor(Linux linux, Fd socket) {
        this.linux = linux;
        this.socket = socket;
        linux.sockets().timeout(socket, 0, PATIENCE_MILLIS);
    }

    /** Whether it has said that it is warm. */
    public boolean isWarm() {
        if (!warm) {
            warm = hears(0);
        }
        return warm;
    }

    /** Whether it says something, in the time given. */
    private boolean hears(int millis) {
        try (Arena arena = Arena.ofConfined()) {
            return linux.sockets().await(socket, Epoll.IN, millis)
                    && linux.sockets().tryReceive(socket, arena.allocate(1)).bytes() == 1;
        }
    }

    /**
     * Sets it to work, with what its predecessor has left; the predecessor is dead. One that is not warm yet stops
     * rehearsing and begins.
     *
     * @param left by name, 1 to 255 characters of ASCII; the descriptors stay the caller's
     * @return false: it does not take them, and has to be ended
     */
    public boolean begin(SequencedMap<String, Fd> left) {
        boolean answers = isWarm();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment frame = arena.allocate(Standby.FRAME);
            for (Map.Entry<String, Fd> one : left.entrySet()) {
                byte[] name = one.getKey().getBytes(StandardCharsets.US_ASCII);
                frame.set(ValueLayout.JAVA_BYTE, 0, (byte) name.length);
                MemorySegment.copy(name, 0, frame, ValueLayout.JAVA_BYTE, 1, name.length);
                if (linux.sockets().send(socket, frame, one.getValue()) != Standby.FRAME) {
                    return false;
                }
            }
            frame.set(ValueLayout.JAVA_BYTE, 0, (byte) 0);
            return linux.sockets().send(socket, frame) == Standby.FRAME && (!answers || hears(PATIENCE_MILLIS));
        }
    }

    @Override
    public void close() {
        socket.close();
    }
}
