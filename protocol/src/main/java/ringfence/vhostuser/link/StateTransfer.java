package ringfence.vhostuser.link;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.vhostuser.WireException;

/**
 * Moves a device's inner state through a pipe or socket that the front-end has handed in (SET_DEVICE_STATE_FD), on a
 * thread of its own and within a deadline, since the other end may read or write as slowly as it likes.
 * {@link #result}, for CHECK_DEVICE_STATE, waits for the end. The device is asked on the connection's thread.
 */
final class StateTransfer implements AutoCloseable {
    /** The most that is taken. */
    private static final int LIMIT = 64 << 20;

    private static final int CHUNK = 64 << 10;
    private static final long DEADLINE_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final int TYPE = 0xF000;
    private static final int PIPE = 0x1000;
    private static final int SOCKET = 0xC000;
    private static final int REGULAR = 0x8000;

    private final BackendContext context;
    private final Linux linux;
    private Thread thread;
    private Fd fd;
    private boolean load;
    private volatile boolean cancelled;
    private volatile byte[] loaded;
    private volatile String failure = "no transfer of state";

    StateTransfer(BackendContext context) {
        this.context = context;
        linux = context.linux();
    }

    /** Begins. The frame's descriptor is taken over. */
    void begin(boolean toLoad, Frame frame) {
        end();
        int type = linux.files().stat(frame.peek(0)).mode() & TYPE;
        if (type != PIPE && type != SOCKET && type != REGULAR) {
            throw new WireException("SET_DEVICE_STATE_FD: the descriptor is not a pipe, socket or file");
        }
        byte[] state = toLoad ? null : context.device().saveState();
        linux.files().nonBlocking(frame.peek(0), true);
        Fd mine = frame.take(0);
        fd = mine;
        load = toLoad;
        cancelled = false;
        loaded = null;
        failure = "the transfer of state has not ended";
        long deadline = System.nanoTime() + DEADLINE_NANOS;
        thread = Thread.ofPlatform()
                .daemon()
                .name(context.options().name() + "/state")
                .start(() -> run(mine, state, deadline));
    }

    private void run(Fd from, byte[] state, long deadline) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment chunk = arena.allocate(CHUNK);
            if (state == null) {
                loaded = read(from, chunk, deadline);
            } else {
                write(from, state, chunk, deadline);
            }
            failure = null;
        } catch (RuntimeException e) {
            failure = e.getMessage();
        } finally {
            from.close(); // the end of a saved state is that we close it
        }
    }

    private byte[] read(Fd from, MemorySegment chunk, long deadline) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        while (true) {
            long read = linux.files().tryRead(from, chunk);
            if (read == 0) {
                return bytes.toByteArray();
            }
            if (read > 0) {
                if (bytes.size() + read > LIMIT) {
                    throw new WireException("the state has more than " + LIMIT + " bytes");
                }
                bytes.writeBytes(chunk.asSlice(0, read).toArray(ValueLayout.JAVA_BYTE));
            } else {
                again(from, read, Epoll.IN, deadline);
            }
        }
    }

    private void write(Fd to, byte[] state, MemorySegment chunk, long deadline) {
        int done = 0;
        while (done < state.length) {
            int part = Math.min(CHUNK, state.length - done);
            MemorySegment.copy(state, done, chunk, ValueLayout.JAVA_BYTE, 0, part);
            long written = linux.files().tryWrite(to, chunk.asSlice(0, part));
            if (written > 0) {
                done += (int) written;
            } else {
                again(to, written, Epoll.OUT, deadline);
            }
        }
    }

    private void again(Fd at, long result, int events, long deadline) {
        if (result != -Errno.EAGAIN.number() && result != -Errno.EINTR.number()) {
            throw new WireException("the transfer of state failed: " + Errno.of(-result));
        }
        while (!linux.sockets().await(at, events, 50)) {
            if (cancelled || System.nanoTime() - deadline > 0) {
                throw new WireException("the transfer of state was given up");
            }
        }
    }

    /** Waits for the end, within the deadline; gives a state that came to the device. Whether all went well. */
    boolean result() {
        join();
        byte[] state = loaded;
        if (failure == null && load && state != null) {
            loaded = null;
            try {
                context.device().loadState(state);
            } catch (IllegalArgumentException e) {
                failure = "the state is refused: " + e.getMessage();
            }
        }
        if (failure != null) {
            context.log(failure);
        }
        return failure == null;
    }

    private void end() {
        cancelled = true;
        join();
        if (fd != null) {
            fd.close();
            fd = null;
        }
    }

    private void join() {
        if (thread == null) {
            return;
        }
        try {
            thread.join();
            thread = null;
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        end();
    }
}
