package ringfence.vmm.api;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.OpenFlag;
import ringfence.linux.Received;

/**
 * HTTP on a Unix socket. A connection has a thread of its own; at most {@value #MAX_CONNECTIONS} are served at a time,
 * further ones wait in the socket's queue. A request that does not arrive whole within 10 s ends its connection.
 *
 * <p>The lock file {@code PATH.lock} beside the socket tells a living server from a socket that one left behind: the
 * first is an error for us, the second is removed.
 */
public final class ApiServer implements AutoCloseable {
    private static final int MAX_CONNECTIONS = 16;
    private static final int REQUEST_MILLIS = 10_000;
    private static final int LAST_ANSWERS_MILLIS = 1000;
    private static final int IDLE_MILLIS = 600_000;

    private final Linux linux;
    private final Endpoints endpoints;
    private final String path;
    private final Fd lock;
    private final Fd listener;
    private final EventFd stop;
    private final Semaphore connections = new Semaphore(MAX_CONNECTIONS);
    private final AtomicInteger answering = new AtomicInteger();
    private final Thread acceptor;

    /**
     * Starts to listen. Reachable by the same user only.
     *
     * @throws ErrnoException EADDRINUSE if another process serves this path, or what bind(2) says
     */
    public ApiServer(Linux linux, String path, Endpoints endpoints) {
        this.linux = linux;
        this.path = path;
        this.endpoints = endpoints;
        lock = lock(linux, path);
        Fd socket = null;
        int mask = linux.files().umask(077);
        try {
            linux.files().unlink(path);
            socket = linux.sockets().listen(path, 64);
            stop = linux.events().eventFd();
        } catch (ErrnoException e) {
            if (socket != null) {
                socket.close();
            }
            lock.close();
            throw e;
        } finally {
            linux.files().umask(mask);
        }
        listener = socket;
        acceptor = Thread.ofPlatform().daemon().name("api").start(this::accept);
    }

    private static Fd lock(Linux linux, String path) {
        Fd fd = linux.files().open(path + ".lock", 0600, OpenFlag.RDWR, OpenFlag.CREAT, OpenFlag.NOFOLLOW);
        if (!linux.files().tryLock(fd, LockType.WRITE, 0, 0)) {
            fd.close();
            throw new ErrnoException(ringfence.linux.Syscall.BIND, Errno.EADDRINUSE, path);
        }
        return fd;
    }

    private void accept() {
        try (Epoll epoll = linux.events().epoll(2)) {
            epoll.add(listener, Epoll.IN, 0);
            epoll.add(stop.fd(), Epoll.IN, 1);
            while (true) {
                epoll.await(-1);
                if (epoll.token(0) == 1) {
                    return;
                }
                Optional<Fd> socket = linux.sockets().tryAccept(listener);
                if (socket.isPresent()) {
                    connections.acquireUninterruptibly();
                    Thread.ofPlatform().daemon().name("api/client").start(() -> serve(socket.get()));
                }
            }
        }
    }

    private void serve(Fd socket) {
        try (socket;
                Arena arena = Arena.ofConfined();
                Epoll epoll = linux.events().epoll(1)) {
            epoll.add(socket, Epoll.IN, 0);
            serve(socket, epoll, arena.allocate(16 << 10));
        } catch (ErrnoException _) {
            // the client is gone; nothing is owed to it
        } finally {
            connections.release();
        }
    }

    private void serve(Fd socket, Epoll epoll, MemorySegment bytes) {
        HttpReader reader = new HttpReader();
        long deadline = 0;
        while (true) {
            try {
                Optional<HttpRequest> request = reader.next();
                if (request.isPresent()) {
                    boolean keepAlive = request.get().keepAlive();
                    if (!answer(socket, request.get()) || !keepAlive) {
                        return;
                    }
                    deadline = 0;
                    continue;
                }
                if (!reader.inRequest()) {
                    deadline = 0;
                } else if (deadline == 0) {
                    deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(REQUEST_MILLIS);
                }
                long wait = deadline == 0 ? IDLE_MILLIS : (deadline - System.nanoTime()) / 1_000_000;
                if (wait <= 0 || epoll.await((int) wait) == 0 || !receive(socket, bytes, reader)) {
                    return;
                }
            } catch (HttpError e) {
                send(socket, HttpResponse.error(e.status(), e.getMessage()).bytes(false));
                return;
            }
        }
    }

    private boolean answer(Fd socket, HttpRequest request) {
        answering.incrementAndGet();
        try {
            return send(socket, endpoints.answer(request).bytes(request.keepAlive()));
        } finally {
            answering.decrementAndGet();
        }
    }

    private boolean receive(Fd socket, MemorySegment bytes, HttpReader reader) {
        Received received = linux.sockets().receive(socket, bytes);
        received.fds().forEach(Fd::close); // no endpoint takes a descriptor yet
        if (received.bytes() <= 0 || received.truncated()) {
            return false;
        }
        int count = (int) received.bytes();
        byte[] copy = new byte[count];
        MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, copy, 0, count);
        reader.append(copy, count);
        return true;
    }

    private boolean send(Fd socket, byte[] answer) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, answer);
            long sent = 0;
            while (sent < answer.length) {
                long result = linux.sockets().send(socket, bytes.asSlice(sent));
                if (result <= 0) {
                    return false;
                }
                sent += result;
            }
            return true;
        }
    }

    /** Takes no more connections, and lets those clients have their answer whose request is done within a second. */
    @Override
    public void close() {
        stop.signal();
        try {
            long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(LAST_ANSWERS_MILLIS);
            acceptor.join(LAST_ANSWERS_MILLIS);
            while (answering.get() > 0 && System.nanoTime() < deadline) {
                TimeUnit.MILLISECONDS.sleep(1);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        listener.close();
        linux.files().unlink(path);
        linux.files().unlink(Path.of(path + ".lock").toString());
        lock.close();
        stop.close();
    }
}
