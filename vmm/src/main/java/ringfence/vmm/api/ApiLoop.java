package ringfence.vmm.api;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import ringfence.linux.Epoll;
import ringfence.linux.ErrnoException;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.process.Log;

/**
 * The thread that serves all clients. Whatever one of them does or leaves undone takes a turn of this loop, no more:
 * sockets never block it, and a change is answered by whoever has done it, through {@link #answered}.
 */
final class ApiLoop implements Runnable {
    private static final Log LOG = Log.of("api");
    private static final int LISTENER = 0;
    private static final int WAKE = 1;
    private static final int FIRST = 2;
    private static final int BATCH = 64;
    private static final int CHUNK = 16 << 10;
    private static final long LAST_ANSWERS_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long RETRY_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private record Answer(long client, HttpResponse response) {}

    private final Linux linux;
    private final Fd listener;
    private final EventFd wake;
    private final Endpoints endpoints;
    private final ApiLimits limits;
    private final Map<Long, ApiConnection> clients = new HashMap<>();
    private final Queue<Answer> answered = new ConcurrentLinkedQueue<>();
    private Epoll epoll;
    private long nextClient = FIRST;
    private boolean accepting = true;
    private long acceptAgain;
    private volatile boolean stopping;
    private volatile Runnable sign; // null: nobody waits for one

    /** @param wake signalled by {@link #stop} and for answers; it and the listener stay the caller's */
    ApiLoop(Linux linux, Fd listener, EventFd wake, Endpoints endpoints, ApiLimits limits) {
        this.linux = linux;
        this.listener = listener;
        this.wake = wake;
        this.endpoints = endpoints;
        this.limits = limits;
    }

    /** Ends the loop when those clients have their answer whose request is done within a second. Any thread. */
    void stop() {
        stopping = true;
        wake.signal();
    }

    /** Runs it when the loop comes round. Any thread. */
    void askForSign(Runnable answer) {
        sign = answer;
        wake.signal();
    }

    private void giveSign() {
        Runnable asked = sign;
        if (asked != null) {
            sign = null;
            asked.run();
        }
    }

    @Override
    public void run() {
        try (Epoll ready = linux.events().epoll(BATCH);
                Arena arena = Arena.ofConfined()) {
            epoll = ready;
            epoll.add(listener, Epoll.IN, LISTENER);
            epoll.add(wake.fd(), Epoll.IN, WAKE);
            serve(arena.allocate(CHUNK));
        } finally {
            clients.values().forEach(ApiConnection::close);
        }
    }

    private void serve(MemorySegment bytes) {
        long end = 0;
        while (true) {
            int count = epoll.await(patience(end));
            long now = System.nanoTime();
            for (int i = 0; i < count; i++) {
                long token = epoll.token(i);
                if (token == WAKE) {
                    wake.drain();
                } else if (token == LISTENER) {
                    accept(now);
                } else if (clients.containsKey(token)) {
                    serve(token, epoll.events(i), bytes, now);
                }
            }
            giveSign();
            Answer done;
            while ((done = answered.poll()) != null) {
                give(done, now);
            }
            expire(now);
            if (stopping) {
                end = end == 0 ? now + LAST_ANSWERS_NANOS : end;
                boolean nobodyWaits =
                        clients.values().stream().allMatch(client -> client.phase() == ApiConnection.Phase.READING);
                if (nobodyWaits || now - end >= 0) {
                    return;
                }
            }
        }
    }

    private int patience(long end) {
        long now = System.nanoTime();
        long until = end == 0 ? now + TimeUnit.HOURS.toNanos(1) : end;
        for (ApiConnection client : clients.values()) {
            until = Math.min(until, client.deadline());
        }
        until = accepting ? until : Math.min(until, acceptAgain);
        return Math.clamp(TimeUnit.NANOSECONDS.toMillis(until - now) + 1, 0, Integer.MAX_VALUE);
    }

    private void accept(long now) {
        for (int i = 0; i < BATCH && !stopping; i++) {
            Optional<Fd> socket;
            try {
                socket = linux.sockets().tryAccept(listener);
            } catch (ErrnoException e) { // no descriptors, or no memory: perhaps there are some later
                LOG.debug(() -> "no client is taken for a while: " + e.getMessage());
                if (!evict(now)) {
                    accepting = false;
                    acceptAgain = now + RETRY_NANOS;
                    epoll.modify(listener, 0, LISTENER);
                }
                return;
            }
            if (socket.isEmpty()) {
                return;
            }
            if (clients.size() >= limits.connections()) {
                evict(now);
            }
            long token = nextClient++;
            ApiConnection client = new ApiConnection(linux.sockets(), socket.get(), limits, now);
            clients.put(token, client);
            epoll.add(client.socket(), client.interest(), token);
        }
    }

    /** Ends the connection that is least missed. */
    private boolean evict(long now) {
        Optional<Map.Entry<Long, ApiConnection>> least = clients.entrySet().stream()
                .min(Comparator.<Map.Entry<Long, ApiConnection>>comparingInt(
                                entry -> entry.getValue().rank())
                        .thenComparingLong(entry -> entry.getValue().since()));
        if (least.isEmpty() || least.get().getValue().phase() == ApiConnection.Phase.WAITING) {
            return false;
        }
        ApiConnection client = least.get().getValue();
        if (client.isInRequest()) {
            client.refuse(429, "too many clients: send the request at once, or try again later", now);
        }
        end(least.get().getKey());
        return true;
    }

    private void end(long token) {
        ApiConnection client = clients.remove(token);
        if (client == null) {
            return; // ended in this turn already
        }
        epoll.remove(client.socket());
        client.close();
    }

    private void serve(long token, int events, MemorySegment bytes, long now) {
        ApiConnection client = clients.get(token);
        boolean alive = switch (client.phase()) {
            case READING -> read(token, client, bytes, now);
            case WRITING -> client.send(now) && follow(token, client, now);
            case WAITING -> (events & (Epoll.HUP | Epoll.ERR)) == 0;
        };
        settle(token, client, alive);
    }

    /** Ends the connection, or waits for what comes next of it. */
    private void settle(long token, ApiConnection client, boolean alive) {
        if (alive) {
            epoll.modify(client.socket(), client.interest(), token);
        } else {
            end(token);
        }
    }

    private boolean read(long token, ApiConnection client, MemorySegment bytes, long now) {
        try {
            int before = client.buffered();
            if (!client.receive(bytes, now)) {
                return false;
            }
            boolean alive = follow(token, client, now);
            if (alive && client.buffered() > before) {
                shed(now);
            }
            return alive && clients.containsKey(token);
        } catch (HttpError e) {
            return client.refuse(e.status(), e.getMessage(), now);
        }
    }

    /** Serves the requests that are there already. */
    private boolean follow(long token, ApiConnection client, long now) {
        try {
            Optional<HttpRequest> request;
            while (client.phase() == ApiConnection.Phase.READING && (request = client.next(now)).isPresent()) {
                if (!ask(token, client, request.get(), now)) {
                    return false;
                }
            }
            return true;
        } catch (HttpError e) {
            return client.refuse(e.status(), e.getMessage(), now);
        }
    }

    private boolean ask(long token, ApiConnection client, HttpRequest request, long now) {
        long waiting = clients.values().stream()
                .filter(other -> other.phase() == ApiConnection.Phase.WAITING)
                .count(); // with this one
        if (waiting > limits.waiting() && !endpoints.isRead(request)) {
            return client.answer(
                    HttpResponse.error(429, limits.waiting() + " changes are under way: try again later"), now);
        }
        CompletableFuture<HttpResponse> answer = endpoints.answer(request);
        if (answer.isDone()) {
            return client.answer(answer.join(), now);
        }
        CompletableFuture<Void> _ = answer.thenAccept(response -> {
            answered.add(new Answer(token, response));
            wake.signal();
        });
        return true;
    }

    private void give(Answer done, long now) {
        ApiConnection client = clients.get(done.client());
        if (client != null) { // it has waited
            settle(done.client(), client, client.answer(done.response(), now) && follow(done.client(), client, now));
        }
    }

    /** Keeps the memory of all unfinished requests within its limit: the largest is refused. */
    private void shed(long now) {
        while (clients.values().stream().mapToInt(ApiConnection::buffered).sum() > limits.buffered()) {
            Optional<Map.Entry<Long, ApiConnection>> largest = clients.entrySet().stream()
                    .filter(entry -> entry.getValue().isInRequest())
                    .max(Comparator.comparingInt(entry -> entry.getValue().buffered()));
            if (largest.isEmpty()) {
                return;
            }
            largest.get().getValue().refuse(429, "too many large requests at a time: try again later", now);
            end(largest.get().getKey());
        }
    }

    private void expire(long now) {
        List<Map.Entry<Long, ApiConnection>> late = clients.entrySet().stream()
                .filter(entry -> now - entry.getValue().deadline() >= 0)
                .toList();
        for (Map.Entry<Long, ApiConnection> entry : late) {
            if (entry.getValue().isInRequest()) {
                entry.getValue().refuse(408, "the request did not arrive in time: send it at once", now);
            }
            end(entry.getKey());
        }
        if (!accepting && now - acceptAgain >= 0) {
            accepting = true;
            epoll.modify(listener, Epoll.IN, LISTENER);
        }
    }
}
