package ringfence.vmm.machine;

import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;
import java.util.OptionalInt;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Pty;
import ringfence.linux.Terminal;
import ringfence.vhostuser.link.BackendSocket;

/**
 * A console's far end where somebody may be or not: a pseudo-terminal, or a Unix socket that serves one client, the one who
 * came last. Output waits for him in {@link #write}, whose caller ({@code SerialPump}) keeps the guest from waiting. Input
 * is read by a thread of its own, no more than the guest has room for.
 */
final class ConsoleLine extends OutputStream implements AutoCloseable {
    private static final long WAKE = 0;
    private static final long LISTENER = 1;
    private static final long FIRST_PEER = 2;
    private static final int CHUNK = 4096;
    private static final int LOOK_AGAIN_MILLIS = 50; // the guest's port may be a new one, which tells of no room

    private final Linux linux;
    private final Optional<Pty> pty;
    private final Optional<String> path;
    private final Optional<Fd> listener;
    private final Epoll epoll;
    private final EventFd wake;
    private final Thread thread;
    private final MemorySegment output = Arena.ofAuto().allocate(CHUNK);
    private final MemorySegment chunk = Arena.ofAuto().allocate(CHUNK);
    private final byte[] input = new byte[CHUNK];
    private int inputFrom;
    private int inputTo;
    private volatile boolean holds; // input that the guest has no room for
    private volatile InputSink sink = InputSink.NOBODY;

    // guarded by this
    private Fd peer; // null: nobody is there
    private long token = FIRST_PEER;
    private boolean hasEnded; // he sends no more, but may read
    private boolean isFull; // he reads less than there is
    private boolean closing;

    private ConsoleLine(Linux linux, String name, Optional<Pty> pty, Optional<String> path, Optional<Fd> listener) {
        this.linux = linux;
        this.pty = pty;
        this.path = path;
        this.listener = listener;
        peer = pty.map(Pty::controller).orElse(null);
        epoll = linux.events().epoll(4);
        wake = linux.events().eventFd();
        epoll.add(wake.fd(), Epoll.IN, WAKE);
        listener.ifPresent(socket -> epoll.add(socket, Epoll.IN, LISTENER));
        pty.ifPresent(both -> epoll.add(both.controller(), Epoll.IN, token));
        thread = Thread.ofPlatform().daemon().name(name + "-line").start(this::run);
    }

    /** A new pseudo-terminal. @throws ringfence.linux.ErrnoException if there is none to be had */
    static ConsoleLine pty(Linux linux, String name) {
        return new ConsoleLine(linux, name, Optional.of(Pty.open(linux)), Optional.empty(), Optional.empty());
    }

    /** A socket that is made at a path. @throws IllegalArgumentException with one line for the user */
    static ConsoleLine socket(Linux linux, String name, String path) {
        Fd listener = new BackendSocket(Optional.of(path), OptionalInt.empty()).listener(linux);
        return new ConsoleLine(linux, name, Optional.empty(), Optional.of(path), Optional.of(listener));
    }

    /** The pseudo-terminal that others open; empty: it is a socket. */
    Optional<String> terminal() {
        return pty.map(Pty::path);
    }

    /** That pseudo-terminal, of which others set the size; empty: it is a socket. */
    Optional<Terminal> screen() {
        return pty.flatMap(both -> Terminal.of(linux, both.controller()));
    }

    /** From now on this one takes the input. */
    void to(InputSink next) {
        sink = next;
        wake.signal();
    }

    /** The sink can take more again. Any thread. */
    void room() {
        if (holds) {
            wake.signal();
        }
    }

    @Override
    public void write(int value) throws IOException {
        write(new byte[] {(byte) value}, 0, 1);
    }

    /** Waits until all of it is with whoever is there. @throws IOException if this is closed */
    @Override
    public void write(byte[] from, int offset, int length) throws IOException {
        int at = 0;
        while (at < length) {
            int piece = Math.min(CHUNK, length - at);
            MemorySegment.copy(from, offset + at, output, ValueLayout.JAVA_BYTE, 0, piece);
            at += some(output.asSlice(0, piece));
        }
    }

    private synchronized int some(MemorySegment bytes) throws IOException {
        while (!closing) {
            if (peer != null) {
                long sent = pty.isPresent()
                        ? linux.files().tryWrite(peer, bytes)
                        : linux.sockets().trySend(peer, bytes);
                if (sent > 0) {
                    return (int) sent;
                }
                if (sent == -Errno.EAGAIN.number()) {
                    isFull = true;
                    watch();
                } else if (sent != -Errno.EINTR.number()) {
                    leave();
                }
            }
            try {
                wait(); // for room, or for somebody
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
        }
        throw new IOException("closed");
    }

    private synchronized void watch() {
        if (peer != null) {
            epoll.modify(peer, (holds || hasEnded ? 0 : Epoll.IN) | (isFull ? Epoll.OUT : 0), token);
        }
    }

    /** The client has gone. */
    private synchronized void leave() {
        if (peer != null && listener.isPresent()) {
            epoll.remove(peer);
            peer.close();
            peer = null;
        }
    }

    private synchronized void arrived() {
        linux.sockets().tryAccept(listener.orElseThrow()).ifPresent(client -> {
            leave();
            linux.files().nonBlocking(client, true);
            peer = client;
            token++;
            hasEnded = false;
            isFull = false;
            epoll.add(client, 0, token);
            watch();
            notifyAll();
        });
    }

    private void run() {
        while (!isClosing()) {
            int ready = epoll.await(holds && !sink.equals(InputSink.NOBODY) ? LOOK_AGAIN_MILLIS : -1);
            for (int i = 0; i < ready; i++) {
                if (epoll.token(i) == WAKE) {
                    wake.drain();
                } else if (epoll.token(i) == LISTENER) {
                    arrived();
                } else {
                    served(epoll.token(i), epoll.events(i));
                }
            }
            pass();
        }
    }

    private synchronized boolean isClosing() {
        return closing;
    }

    private synchronized void served(long from, int events) {
        if (peer == null || from != token) {
            return; // of one who has gone
        }
        if ((events & Epoll.OUT) != 0) {
            isFull = false;
            notifyAll();
        }
        if (!holds && (events & (Epoll.IN | Epoll.HUP)) != 0) {
            long got = linux.files().tryRead(peer, chunk);
            if (got > 0) {
                MemorySegment.copy(chunk, ValueLayout.JAVA_BYTE, 0, input, 0, (int) got);
                inputFrom = 0;
                inputTo = (int) got;
                holds = true;
            } else if (got != -Errno.EAGAIN.number()) {
                hasEnded = true;
            }
        }
        if ((events & (Epoll.HUP | Epoll.ERR)) != 0 && (hasEnded || holds)) {
            leave();
        }
        watch();
    }

    /** Gives the guest what it has room for; the rest waits, and nothing more is read. */
    private void pass() {
        if (!holds) {
            return;
        }
        int taken = sink.receive(input, inputFrom, inputTo - inputFrom);
        while (taken > 0 && taken < inputTo - inputFrom) {
            inputFrom += taken;
            taken = sink.receive(input, inputFrom, inputTo - inputFrom);
        }
        if (taken > 0) {
            holds = false;
            watch();
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closing = true;
            notifyAll();
        }
        wake.signal();
        try {
            thread.join();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        synchronized (this) {
            leave();
        }
        listener.ifPresent(Fd::close);
        path.ifPresent(linux.files()::unlink);
        pty.ifPresent(Pty::close);
        epoll.close();
        wake.close();
    }
}
