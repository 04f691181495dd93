package ringfence.vhostuser.link;

import java.io.ByteArrayOutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.vhostuser.Reply;
import ringfence.vhostuser.Request;
import ringfence.vhostuser.link.PeerException.Disposition;

/** Moves a device's inner state, seen from the front-end: over a socket pair of our own, within one deadline. */
final class StateExchange {
    private static final int CHUNK = 64 << 10;
    private static final long NO_DESCRIPTOR = 0x100;
    private static final long ERROR = 0xff;

    private final Linux linux;
    private final Conversation peer;
    private final FrontendOptions options;

    StateExchange(Linux linux, Conversation peer, FrontendOptions options) {
        this.linux = linux;
        this.peer = peer;
        this.options = options;
    }

    byte[] save(int limit) {
        long deadline = System.nanoTime() + options.stateNanos();
        try (Fd ours = begin(false);
                Arena arena = Arena.ofConfined()) {
            MemorySegment chunk = arena.allocate(CHUNK);
            ByteArrayOutputStream state = new ByteArrayOutputStream();
            long read;
            while ((read = linux.files().tryRead(ours, chunk)) != 0) {
                if (read < 0) {
                    again(ours, read, Epoll.IN, deadline);
                    continue;
                }
                if (state.size() + read > limit) {
                    throw new PeerException("the device's state has more than " + limit + " bytes", Disposition.FATAL);
                }
                state.writeBytes(chunk.asSlice(0, read).toArray(ValueLayout.JAVA_BYTE));
            }
            check();
            return state.toByteArray();
        }
    }

    void load(byte[] state) {
        long deadline = System.nanoTime() + options.stateNanos();
        try (Fd ours = begin(true);
                Arena arena = Arena.ofConfined()) {
            MemorySegment chunk = arena.allocate(CHUNK);
            int done = 0;
            while (done < state.length) {
                int part = Math.min(CHUNK, state.length - done);
                MemorySegment.copy(state, done, chunk, ValueLayout.JAVA_BYTE, 0, part);
                long written = linux.sockets().trySend(ours, chunk.asSlice(0, part));
                if (written > 0) {
                    done += (int) written;
                } else {
                    again(ours, written, Epoll.OUT, deadline);
                }
            }
        }
        check(); // after the close: that is the end of the state
    }

    private Fd begin(boolean load) {
        Fd[] pair = linux.sockets().pair();
        try (Fd theirs = pair[1]) {
            linux.files().nonBlocking(pair[0], true);
            Conversation.Answer answer = peer.ask(new Request.SetDeviceStateFd(load), options.replyNanos(), theirs);
            if (answer.fd() != null) {
                answer.fd().close(); // it may give another in place of ours; we do not read what we are given
                throw new PeerException("SET_DEVICE_STATE_FD: another descriptor came back", Disposition.FATAL);
            }
            long result = ((Reply.U64) answer.reply()).value();
            if ((result & ERROR) != 0 || (result & NO_DESCRIPTOR) == 0) {
                throw new PeerException(
                        "the back-end refuses SET_DEVICE_STATE_FD: 0x" + Long.toHexString(result), Disposition.FATAL);
            }
            return pair[0];
        } catch (RuntimeException e) {
            pair[0].close();
            throw e;
        }
    }

    private void check() {
        long error = peer.number(new Request.CheckDeviceState(), options.stateNanos());
        if (error != 0) {
            throw new PeerException("the back-end says that the state is no good: " + error, Disposition.FATAL);
        }
    }

    private void again(Fd at, long result, int events, long deadline) {
        if (result != -Errno.EAGAIN.number() && result != -Errno.EINTR.number()) {
            throw new PeerException("the transfer of state failed: " + Errno.of(-result), Disposition.RECONNECT);
        }
        while (!linux.sockets().await(at, events, 50)) {
            if (System.nanoTime() - deadline > 0) {
                throw new PeerException("the transfer of state takes too long", Disposition.RECONNECT);
            }
        }
    }
}
