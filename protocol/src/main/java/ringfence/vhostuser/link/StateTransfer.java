package ringfence.vhostuser.link;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.vhostuser.WireException;

/**
 * Moves a device's inner state through a pipe or socket that the front-end has handed in (SET_DEVICE_STATE_FD), on a
 * thread of its own and within a deadline, since the other end may read or write as slowly as it likes.
 * {@link #result}, for CHECK_DEVICE_STATE, waits for the end. The device is asked on the connection's thread.
 */
final class StateTransfer implements AutoCloseable {
    /** Of one system call. */
    private static final int CHUNK = 1 << 20;

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
    /** Room for the most that there can be, of which only what is written takes memory; else null. */
    private Mapping room;
    /** What of it holds the state. Written before the transfer begins, or by its thread before it ends. */
    private ByteBuffer state;

    private volatile boolean cancelled;
    private volatile String failure = "no transfer of state";

    StateTransfer(BackendContext context) {
        this.context = context;
        linux = context.linux();
    }

    /**
     * Begins. The frame's descriptor is taken over.
     *
     * @throws IllegalArgumentException if there is no state to be had
     */
    void begin(boolean toLoad, Frame frame) {
        end();
        // should this one not come so far, the verdict of the one before is not its own
        failure = "no transfer of state";
        int type = linux.files().stat(frame.peek(0)).mode() & TYPE;
        if (type != PIPE && type != SOCKET && type != REGULAR) {
            throw new WireException("SET_DEVICE_STATE_FD: the descriptor is not a pipe, socket or file");
        }
        int most = context.device().mostState();
        if (most == 0) {
            throw new IllegalArgumentException("this device has no inner state");
        }
        room = linux.memory().mapAnonymous(most);
        state = room.segment().asByteBuffer();
        if (!toLoad) {
            context.device().saveState(state);
            state.flip();
        }
        linux.files().nonBlocking(frame.peek(0), true);
        Fd with = frame.take(0);
        fd = with;
        load = toLoad;
        cancelled = false;
        failure = "the transfer of state has not ended";
        long deadline = System.nanoTime() + DEADLINE_NANOS;
        thread = Thread.ofPlatform()
                .daemon()
                .name(context.options().name() + "/state")
                .start(() -> run(with, toLoad, deadline));
    }

    private void run(Fd with, boolean toLoad, long deadline) {
        try {
            if (toLoad) {
                read(with, deadline);
            } else {
                write(with, deadline);
            }
            failure = null;
        } catch (RuntimeException e) {
            failure = e.getMessage();
        } finally {
            with.close(); // the end of a saved state is that we close it
        }
    }

    private void read(Fd from, long deadline) {
        while (true) {
            // with no room left, one byte more tells whether this is the end
            MemorySegment next = state.hasRemaining() ? chunk() : MemorySegment.ofBuffer(ByteBuffer.allocateDirect(1));
            long read = linux.files().tryRead(from, next);
            if (read == 0) {
                state.flip();
                return;
            }
            if (read > 0) {
                if (!state.hasRemaining()) {
                    throw new WireException("the state has more than " + state.capacity() + " bytes");
                }
                state.position(state.position() + (int) read);
            } else {
                again(from, read, Epoll.IN, deadline);
            }
        }
    }

    private void write(Fd to, long deadline) {
        while (state.hasRemaining()) {
            long written = linux.files().tryWrite(to, chunk());
            if (written > 0) {
                state.position(state.position() + (int) written);
            } else {
                again(to, written, Epoll.OUT, deadline);
            }
        }
    }

    private MemorySegment chunk() {
        return room.segment().asSlice(state.position(), Math.min(CHUNK, state.remaining()));
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
        if (failure == null && load) {
            load = false;
            try {
                context.device().loadState(state);
            } catch (IllegalArgumentException e) {
                failure = "the state is refused: " + e.getMessage();
            }
        }
        free();
        if (failure != null) {
            context.log(failure);
        }
        return failure == null;
    }

    private void end() {
        cancelled = true;
        join();
        free();
        if (fd != null) {
            fd.close();
            fd = null;
        }
    }

    private void free() {
        if (room != null && thread == null) {
            room.close();
            room = null;
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
