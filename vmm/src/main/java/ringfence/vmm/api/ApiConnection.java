package ringfence.vmm.api;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Received;
import ringfence.linux.Sockets;

/**
 * One client. It is read from, waited with, or written to, one of them at a time: what a client sends before it has its
 * answer stays in its socket. Used by the loop's thread only. Owns its socket and the descriptors that came over it.
 */
final class ApiConnection implements AutoCloseable {
    /** Descriptors of one request: more pairs of queues than a device has. */
    private static final int MOST_FDS = 64;

    private static final byte[] NOTHING = {};

    /** What it does. */
    enum Phase {
        READING,
        /** A change is under way. */
        WAITING,
        WRITING
    }

    private final Sockets sockets;
    private final Fd socket;
    private final ApiLimits limits;
    private final HttpReader reader = new HttpReader();
    private final List<Fd> fds = new ArrayList<>();
    private Phase phase = Phase.READING;
    private byte[] answer = NOTHING;
    private int sent;
    private boolean keepAlive;
    private boolean served;
    private boolean inRequest;
    private boolean inBody;
    private long since; // it is in this phase, or in this part of a request

    ApiConnection(Sockets sockets, Fd socket, ApiLimits limits, long now) {
        this.sockets = sockets;
        this.socket = socket;
        this.limits = limits;
        since = now;
    }

    Fd socket() {
        return socket;
    }

    Phase phase() {
        return phase;
    }

    /** What it waits for. */
    int interest() {
        return switch (phase) {
            case READING -> Epoll.IN;
            case WAITING -> 0;
            case WRITING -> Epoll.OUT;
        };
    }

    /**
     * Receives what has come.
     *
     * @param bytes of the caller, for this call
     * @return false: the client is gone, or nobody knows what it means
     * @throws HttpError if it is no request that we take
     */
    boolean receive(MemorySegment bytes, long now) {
        Received received = sockets.tryReceive(socket, bytes);
        fds.addAll(received.fds());
        if (received.bytes() == -Errno.EAGAIN.number()) {
            return true;
        }
        if (received.bytes() <= 0 || received.truncated()) {
            return false;
        }
        if (fds.size() > MOST_FDS) {
            throw new HttpError(400, "more than " + MOST_FDS + " descriptors with a request");
        }
        byte[] copy = new byte[(int) received.bytes()];
        MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, 0, copy, 0, copy.length);
        reader.append(copy, copy.length);
        return true;
    }

    /** The next request, if it is complete; then this waits for its answer. @throws HttpError if it is none */
    Optional<HttpRequest> next(long now) {
        Optional<HttpRequest> request = reader.next();
        if (request.isPresent()) {
            keepAlive = request.get().keepAlive();
            turn(Phase.WAITING, now);
            return request.map(complete -> complete.with(fds));
        }
        if (reader.takeExpectation()) {
            goOn();
        }
        if (inRequest != reader.inRequest() || inBody != reader.inBody()) {
            inRequest = reader.inRequest();
            inBody = reader.inBody();
            since = now;
        }
        return request;
    }

    /** Nothing else is under way to the client; one that has no room for this much does not wait for it either. */
    private void goOn() {
        try (Arena arena = Arena.ofConfined()) {
            sockets.trySend(socket, arena.allocateFrom(ValueLayout.JAVA_BYTE, HttpResponse.CONTINUE));
        }
    }

    private void turn(Phase next, long now) {
        phase = next;
        since = now;
        inRequest = false;
        inBody = false;
    }

    /** Takes the answer of the request that it waits with, and sends what the socket takes. */
    boolean answer(HttpResponse response, long now) {
        closeFds();
        answer = response.bytes(keepAlive);
        sent = 0;
        turn(Phase.WRITING, now);
        return send(now);
    }

    /** Answers with an error, after which the connection ends. */
    boolean refuse(int status, String why, long now) {
        keepAlive = false;
        return answer(HttpResponse.error(status, why), now);
    }

    /** Sends on. @return false: the connection is over */
    boolean send(long now) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(answer.length - sent);
            MemorySegment.copy(answer, sent, bytes, ValueLayout.JAVA_BYTE, 0, answer.length - sent);
            long result = sockets.trySend(socket, bytes);
            if (result < 0) {
                return result == -Errno.EAGAIN.number() || result == -Errno.EINTR.number();
            }
            sent += (int) result;
        }
        if (sent < answer.length) {
            return true;
        }
        answer = NOTHING;
        served = true;
        turn(Phase.READING, now);
        return keepAlive;
    }

    /** Bytes that its unfinished request takes. */
    int buffered() {
        return reader.capacity();
    }

    /** When it is late with what is awaited of it, in the clock of {@code now}; a change has the time that it needs. */
    long deadline() {
        long millis = switch (phase) {
            case WAITING -> TimeUnit.DAYS.toMillis(1);
            case WRITING -> limits.bodyMillis();
            case READING -> inBody ? limits.bodyMillis() : inRequest ? limits.headMillis() : limits.idleMillis();
        };
        return since + TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** Whether a request is awaited to its end. */
    boolean isInRequest() {
        return phase == Phase.READING && inRequest;
    }

    /** How much it would be missed: 0 the least; those of one rank are missed the less the longer they are silent. */
    int rank() {
        if (phase == Phase.WAITING) {
            return 3;
        }
        return inRequest || phase == Phase.WRITING ? 0 : served ? 2 : 1;
    }

    /** Since when it is silent. */
    long since() {
        return since;
    }

    private void closeFds() {
        fds.forEach(Fd::close);
        fds.clear();
    }

    @Override
    public void close() {
        closeFds();
        socket.close();
    }
}
