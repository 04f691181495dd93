package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;

/**
 * Unix stream sockets that carry descriptors. Every socket is close-on-exec and belongs to the caller; a connected one
 * blocks, a listener does not. Any thread may use it; the structures of a message belong to the calling thread and are
 * reused, so that neither direction allocates unless descriptors arrive.
 */
public final class Sockets {
    /** The longest path that {@code sun_path} holds, in bytes. */
    public static final int MAX_PATH = 107;

    private static final int AF_UNIX = 1;
    private static final int SOCK_STREAM = 1;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_NOSIGNAL = 0x4000;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PEERCRED = 17;
    private static final int SO_RCVTIMEO = 20;
    private static final int SO_SNDTIMEO = 21;
    private static final int SO_ACCEPTCONN = 30;
    private static final int SO_DOMAIN = 39;
    private static final int SO_PEERPIDFD = 77;
    private static final int SHUT_RD = 0;
    private static final int SHUT_WR = 1;
    private static final int SHUT_RDWR = 2;

    private final Kernel kernel;
    private final ThreadLocal<SocketMessage> message = ThreadLocal.withInitial(SocketMessage::new);

    Sockets(Kernel kernel) {
        this.kernel = kernel;
    }

    /**
     * A non-blocking listener at a path, which must not exist: nothing is unlinked here.
     *
     * @throws IllegalArgumentException if the path is longer than {@value #MAX_PATH} bytes
     * @throws ErrnoException EADDRINUSE if the path exists; ENOENT, EACCES for its directory
     */
    public Fd listen(String path, int backlog) {
        return with(path, SOCK_NONBLOCK, (socket, address, length) -> {
            Call.check(kernel.call(Syscall.BIND, socket, address, length, 0, 0, 0), Syscall.BIND, path);
            Call.check(kernel.call(Syscall.LISTEN, socket, backlog, 0, 0, 0, 0), Syscall.LISTEN, path);
        });
    }

    /**
     * Connects. It never waits: where the listener's backlog is full, it fails with EAGAIN.
     *
     * @throws IllegalArgumentException if the path is longer than {@value #MAX_PATH} bytes
     * @throws ErrnoException ENOENT: no such path; ECONNREFUSED: nobody listens there
     */
    public Fd connect(String path) {
        return with(path, SOCK_NONBLOCK, (socket, address, length) -> connect(socket, address, length, path));
    }

    private void connect(int socket, long address, long length, String path) {
        Call.check(kernel.call(Syscall.CONNECT, socket, address, length, 0, 0, 0), Syscall.CONNECT, path);
        Call.check(kernel.call(Syscall.FCNTL, socket, 4 /* F_SETFL */, 0, 0, 0, 0), Syscall.FCNTL, path);
    }

    /**
     * The same, from an abstract address, by which the other end can tell us from others; from none if another socket has it.
     *
     * @param name of the address, ASCII, 1 to {@value #MAX_PATH} characters
     */
    public Fd connect(String path, String name) {
        return with(path, SOCK_NONBLOCK, (socket, address, length) -> {
            long bound = bindAbstract(socket, name);
            if (bound != -Errno.EADDRINUSE.number()) {
                Call.check(bound, Syscall.BIND, name);
            }
            connect(socket, address, length, path);
        });
    }

    private long bindAbstract(int socket, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(SocketLayout.SUN_PATH + 1 + bytes.length, 2);
            address.set(ValueLayout.JAVA_SHORT, SocketLayout.SUN_FAMILY, (short) AF_UNIX);
            MemorySegment.copy(MemorySegment.ofArray(bytes), 0, address, SocketLayout.SUN_PATH + 1, bytes.length);
            return kernel.call(Syscall.BIND, socket, address.address(), address.byteSize(), 0, 0, 0);
        }
    }

    /** The abstract address from which the other end has connected; empty: it has none. Whoever is there has chosen it. */
    public String peerName(Fd socket) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(SocketLayout.SOCKADDR_UN_SIZE, 2);
            MemorySegment length = arena.allocate(4, 4);
            length.set(ValueLayout.JAVA_INT, 0, (int) address.byteSize());
            Call.check(
                    kernel.call(Syscall.GETPEERNAME, socket.number(), address.address(), length.address(), 0, 0, 0),
                    Syscall.GETPEERNAME,
                    "of " + socket);
            long bytes = length.get(ValueLayout.JAVA_INT, 0) - SocketLayout.SUN_PATH - 1;
            boolean named = bytes > 0 && address.get(ValueLayout.JAVA_BYTE, SocketLayout.SUN_PATH) == 0;
            return named
                    ? new String(
                            address.asSlice(SocketLayout.SUN_PATH + 1, bytes).toArray(ValueLayout.JAVA_BYTE),
                            StandardCharsets.ISO_8859_1)
                    : "";
        }
    }

    private interface Use {
        void with(int socket, long address, long length);
    }

    private Fd with(String path, int flags, Use use) {
        byte[] name = path.getBytes(StandardCharsets.UTF_8);
        if (name.length == 0 || name.length > MAX_PATH) {
            throw new IllegalArgumentException("socket path of " + name.length + " bytes, 1 to " + MAX_PATH
                    + " are possible, choose a shorter one: " + path);
        }
        long result = kernel.call(Syscall.SOCKET, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | flags, 0, 0, 0, 0);
        Fd socket = Fd.own(kernel, (int) Call.check(result, Syscall.SOCKET, "AF_UNIX"));
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment address = arena.allocate(SocketLayout.SOCKADDR_UN_SIZE, 2);
            address.set(ValueLayout.JAVA_SHORT, SocketLayout.SUN_FAMILY, (short) AF_UNIX);
            MemorySegment.copy(MemorySegment.ofArray(name), 0, address, SocketLayout.SUN_PATH, name.length);
            use.with(socket.number(), address.address(), SocketLayout.SUN_PATH + name.length + 1);
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /** Waits for a connection, without a limit, and takes it. */
    public Fd accept(Fd listener) {
        while (true) {
            await(listener, Epoll.IN, -1);
            Optional<Fd> accepted = tryAccept(listener);
            if (accepted.isPresent()) {
                return accepted.get();
            }
        }
    }

    /** Takes a connection that waits at a non-blocking listener, if there is one. */
    public Optional<Fd> tryAccept(Fd listener) {
        long result = kernel.call(Syscall.ACCEPT4, listener.number(), 0, 0, SOCK_CLOEXEC, 0, 0);
        if (result == -Errno.EAGAIN.number()
                || result == -Errno.ECONNABORTED.number()
                || result == -Errno.EINTR.number()) {
            return Optional.empty();
        }
        return Optional.of(Fd.own(kernel, (int) Call.check(result, Syscall.ACCEPT4, listener)));
    }

    /** Two sockets connected to each other. The caller owns both. */
    public Fd[] pair() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment pair = arena.allocate(8, 4);
            Call.check(
                    kernel.call(Syscall.SOCKETPAIR, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair.address(), 0, 0),
                    Syscall.SOCKETPAIR,
                    "AF_UNIX");
            return new Fd[] {
                Fd.own(kernel, pair.get(ValueLayout.JAVA_INT, 0)), Fd.own(kernel, pair.get(ValueLayout.JAVA_INT, 4))
            };
        }
    }

    /**
     * Sends bytes and descriptors (SCM_RIGHTS), which stay the caller's. Blocks as the socket does; no SIGPIPE.
     *
     * @param bytes native memory, at least one byte if descriptors go along
     * @param fds at most 253; they travel with the first byte
     * @return bytes sent, perhaps fewer than given, and then the descriptors are sent; or minus the errno
     */
    public long send(Fd socket, MemorySegment bytes, Fd... fds) {
        long header = message.get().sending(bytes, fds);
        long result;
        do {
            result = Call.keeping(bytes, kernel.call(Syscall.SENDMSG, socket.number(), header, MSG_NOSIGNAL, 0, 0, 0));
        } while (result == -Errno.EINTR.number());
        return result;
    }

    /** As {@link #send}, but with EAGAIN in place of waiting. */
    public long trySend(Fd socket, MemorySegment bytes, Fd... fds) {
        long header = message.get().sending(bytes, fds);
        return Call.keeping(
                bytes, kernel.call(Syscall.SENDMSG, socket.number(), header, MSG_NOSIGNAL | MSG_DONTWAIT, 0, 0, 0));
    }

    /** readv(2). @return bytes, 0 at the end of the stream, or minus the errno: this is a data path */
    public long tryReceive(Fd socket, IoVec into) {
        return Call.keeping(into, kernel.call(Syscall.READV, socket.number(), into.address(), into.count(), 0, 0, 0));
    }

    /** writev(2). @return bytes, or minus the errno: this is a data path */
    public long trySend(Fd socket, IoVec from) {
        return Call.keeping(from, kernel.call(Syscall.WRITEV, socket.number(), from.address(), from.count(), 0, 0, 0));
    }

    /**
     * Receives what has come, bytes and up to 253 descriptors. Blocks as the socket does. It may join bytes
     * of several sends, but ends with the first that carries descriptors: ask for the header of a message first, and
     * its descriptors come with it.
     *
     * @param into native memory, of the bytes wanted at most
     */
    public Received receive(Fd socket, MemorySegment into) {
        return receive(socket, into, 0);
    }

    /** As {@link #receive(Fd, MemorySegment)}, but with EAGAIN in place of waiting. */
    public Received tryReceive(Fd socket, MemorySegment into) {
        return receive(socket, into, MSG_DONTWAIT);
    }

    private Received receive(Fd socket, MemorySegment into, int flags) {
        SocketMessage structures = message.get();
        long result;
        do {
            long header = structures.receiving(into);
            result = Call.keeping(
                    into, kernel.call(Syscall.RECVMSG, socket.number(), header, MSG_CMSG_CLOEXEC | flags, 0, 0, 0));
        } while (result == -Errno.EINTR.number());
        if (result < 0) {
            return new Received(result, List.of(), false);
        }
        List<Fd> fds = structures.received(kernel);
        if (structures.truncated()) {
            fds.forEach(Fd::close);
            return new Received(result, List.of(), true);
        }
        return new Received(result, fds, false);
    }

    /**
     * Waits with poll(2) until a descriptor is ready.
     *
     * @param events {@link Epoll#IN}, {@link Epoll#OUT}
     * @param millis -1: without a limit
     * @return false if the time is over, or a signal came
     */
    public boolean await(Fd fd, int events, int millis) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment poll = arena.allocate(SocketLayout.POLLFD_SIZE, 4);
            poll.set(ValueLayout.JAVA_INT, SocketLayout.POLLFD_FD, fd.number());
            poll.set(ValueLayout.JAVA_SHORT, SocketLayout.POLLFD_EVENTS, (short) events);
            long result = kernel.call(Syscall.POLL, poll.address(), 1, millis, 0, 0, 0);
            return result != -Errno.EINTR.number() && Call.check(result, Syscall.POLL, fd) > 0;
        }
    }

    /** Lets blocking sends and receives end with EAGAIN after so many milliseconds; 0: never. */
    public void timeout(Fd socket, long receiveMillis, long sendMillis) {
        timeout(socket, SO_RCVTIMEO, receiveMillis);
        timeout(socket, SO_SNDTIMEO, sendMillis);
    }

    private void timeout(Fd socket, int option, long millis) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment time = arena.allocate(SocketLayout.TIMEVAL_SIZE, 8);
            time.set(ValueLayout.JAVA_LONG, SocketLayout.TV_SEC, millis / 1000);
            time.set(ValueLayout.JAVA_LONG, SocketLayout.TV_USEC, millis % 1000 * 1000);
            long result = kernel.call(
                    Syscall.SETSOCKOPT, socket.number(), SOL_SOCKET, option, time.address(), time.byteSize(), 0);
            Call.check(result, Syscall.SETSOCKOPT, "timeout of " + socket);
        }
    }

    /** Who made the other end. */
    public Peer peer(Fd socket) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment peer = arena.allocate(SocketLayout.UCRED_SIZE, 4);
            Call.check(option(arena, socket, SO_PEERCRED, peer), Syscall.GETSOCKOPT, "SO_PEERCRED of " + socket);
            return new Peer(
                    peer.get(ValueLayout.JAVA_INT, SocketLayout.UCRED_PID),
                    peer.get(ValueLayout.JAVA_INT, SocketLayout.UCRED_UID),
                    peer.get(ValueLayout.JAVA_INT, SocketLayout.UCRED_GID));
        }
    }

    /** A pidfd of who made the other end (SO_PEERPIDFD, Linux 6.5); empty on an older kernel, or if it is gone. */
    public Optional<Fd> peerPidFd(Fd socket) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment fd = arena.allocate(4, 4);
            return option(arena, socket, SO_PEERPIDFD, fd) < 0
                    ? Optional.empty()
                    : Optional.of(Fd.own(kernel, fd.get(ValueLayout.JAVA_INT, 0)));
        }
    }

    /** Whether it is a Unix socket that listens. For descriptors that somebody else handed in. */
    public boolean isListener(Fd fd) {
        return number(fd, SO_DOMAIN) == AF_UNIX && number(fd, SO_ACCEPTCONN) == 1;
    }

    /** Whether it is a Unix socket, of whatever state. */
    public boolean isUnixSocket(Fd fd) {
        return number(fd, SO_DOMAIN) == AF_UNIX;
    }

    private long number(Fd fd, int option) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment value = arena.allocate(4, 4);
            return option(arena, fd, option, value) < 0 ? -1 : value.get(ValueLayout.JAVA_INT, 0);
        }
    }

    private long option(Arena arena, Fd socket, int option, MemorySegment value) {
        MemorySegment length = arena.allocateFrom(ValueLayout.JAVA_INT, (int) value.byteSize());
        return Call.keeping(
                value,
                length,
                kernel.call(
                        Syscall.GETSOCKOPT, socket.number(), SOL_SOCKET, option, value.address(), length.address(), 0));
    }

    /** Sends nothing more: the other side reads to the end. */
    public void shutdownSend(Fd socket) {
        kernel.call(Syscall.SHUTDOWN, socket.number(), SHUT_WR, 0, 0, 0, 0);
    }

    /** Receives nothing more: the other side's writes fail. */
    public void shutdownReceive(Fd socket) {
        kernel.call(Syscall.SHUTDOWN, socket.number(), SHUT_RD, 0, 0, 0, 0);
    }

    /** Ends both directions; the other side and threads that wait on the socket see the end. */
    public void shutdown(Fd socket) {
        kernel.call(Syscall.SHUTDOWN, socket.number(), SHUT_RDWR, 0, 0, 0, 0);
    }
}
