package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * The structures of one sendmsg(2) or recvmsg(2), allocated once per thread and reused: a {@code struct msghdr}, one
 * {@code struct iovec}, and a control buffer for the {@value #MAX_FDS} descriptors that the kernel passes at most, and for
 * the sender's credentials. A smaller one would lose descriptors to MSG_CTRUNC.
 *
 * <p>{@code struct cmsghdr { size_t cmsg_len; int cmsg_level, cmsg_type; }}, then the descriptors, padded to 8 bytes.
 */
final class SocketMessage {
    /** SCM_MAX_FD: the most that one message carries. */
    static final int MAX_FDS = 253;

    private static final int SOL_SOCKET = 1;
    private static final int SCM_RIGHTS = 1;
    private static final int SCM_CREDENTIALS = 2;
    private static final int MSG_CTRUNC = 8;
    private static final int MSG_TRUNC = 0x20;
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    private final MemorySegment header;
    private final MemorySegment vector;
    private final MemorySegment control;

    SocketMessage() {
        Arena arena = Arena.ofAuto();
        header = arena.allocate(SocketLayout.MSGHDR_SIZE, 8);
        vector = arena.allocate(SocketLayout.IOVEC_SIZE, 8);
        control = arena.allocate(space(MAX_FDS) + space(3), 8); // struct ucred has three numbers
    }

    /** CMSG_SPACE of so many descriptors. */
    static long space(int fds) {
        return SocketLayout.CMSGHDR_SIZE + (4L * fds + 7 & ~7L);
    }

    /** Fills it for sending; answers the address of the header. */
    long sending(MemorySegment bytes, Fd... fds) {
        if (fds.length > MAX_FDS) {
            throw new IllegalArgumentException(fds.length + " descriptors in one message, at most " + MAX_FDS);
        }
        header(bytes, fds.length == 0 ? 0 : space(fds.length));
        if (fds.length > 0) {
            control.set(WORD, SocketLayout.CMSG_LEN, SocketLayout.CMSGHDR_SIZE + 4L * fds.length);
            control.set(INT, SocketLayout.CMSG_LEVEL, SOL_SOCKET);
            control.set(INT, SocketLayout.CMSG_TYPE, SCM_RIGHTS);
            for (int i = 0; i < fds.length; i++) {
                control.set(INT, SocketLayout.CMSGHDR_SIZE + 4L * i, fds[i].number());
            }
        }
        return header.address();
    }

    /** Fills it for receiving; answers the address of the header. */
    long receiving(MemorySegment into) {
        header(into, control.byteSize());
        return header.address();
    }

    private void header(MemorySegment bytes, long controlLength) {
        if (!bytes.isNative()) {
            throw new IllegalArgumentException("a heap segment has no address for the kernel");
        }
        vector.set(WORD, SocketLayout.IOV_BASE, bytes.address());
        vector.set(WORD, SocketLayout.IOV_LEN, bytes.byteSize());
        header.set(WORD, SocketLayout.MSG_NAME, 0);
        header.set(INT, SocketLayout.MSG_NAMELEN, 0);
        header.set(WORD, SocketLayout.MSG_IOV, vector.address());
        header.set(WORD, SocketLayout.MSG_IOVLEN, 1);
        header.set(WORD, SocketLayout.MSG_CONTROL, controlLength == 0 ? 0 : control.address());
        header.set(WORD, SocketLayout.MSG_CONTROLLEN, controlLength);
        header.set(INT, SocketLayout.MSG_FLAGS, 0);
    }

    /** Whether the kernel had to drop descriptors: no room in the buffer (never, here) or in our descriptor table. */
    boolean truncated() {
        return (header.get(INT, SocketLayout.MSG_FLAGS) & MSG_CTRUNC) != 0;
    }

    /** Whether the message was longer than the buffer. */
    boolean cut() {
        return (header.get(INT, SocketLayout.MSG_FLAGS) & MSG_TRUNC) != 0;
    }

    /** The process that has sent it, where SO_PASSCRED is set; 0: unknown. */
    int sender() {
        long end = header.get(WORD, SocketLayout.MSG_CONTROLLEN);
        for (long at = 0; at + SocketLayout.CMSGHDR_SIZE <= end; ) {
            long length = control.get(WORD, at + SocketLayout.CMSG_LEN);
            if (length < SocketLayout.CMSGHDR_SIZE || length > end - at) {
                return 0;
            }
            if (control.get(INT, at + SocketLayout.CMSG_LEVEL) == SOL_SOCKET
                    && control.get(INT, at + SocketLayout.CMSG_TYPE) == SCM_CREDENTIALS
                    && length >= SocketLayout.CMSGHDR_SIZE + SocketLayout.UCRED_SIZE) {
                return control.get(INT, at + SocketLayout.CMSGHDR_SIZE + SocketLayout.UCRED_PID);
            }
            at += length + 7 & ~7L;
        }
        return 0;
    }

    /** Takes ownership of the descriptors that came. */
    List<Fd> received(Kernel kernel) {
        long end = header.get(WORD, SocketLayout.MSG_CONTROLLEN);
        if (end < SocketLayout.CMSGHDR_SIZE) {
            return List.of();
        }
        List<Fd> fds = new ArrayList<>();
        for (long at = 0; at + SocketLayout.CMSGHDR_SIZE <= end; ) {
            long length = control.get(WORD, at + SocketLayout.CMSG_LEN);
            if (length < SocketLayout.CMSGHDR_SIZE || length > end - at) {
                break;
            }
            if (control.get(INT, at + SocketLayout.CMSG_LEVEL) == SOL_SOCKET
                    && control.get(INT, at + SocketLayout.CMSG_TYPE) == SCM_RIGHTS) {
                for (long fd = at + SocketLayout.CMSGHDR_SIZE; fd + 4 <= at + length; fd += 4) {
                    fds.add(Fd.own(kernel, control.get(INT, fd)));
                }
            }
            at += length + 7 & ~7L;
        }
        return fds;
    }
}
