package ringfence.keep;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.Predicate;
import ringfence.linux.Epoll;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Received;

/**
 * A daemon that waits for its predecessor's death, started and warmed up, and has nothing yet that the predecessor must not
 * share: no lock, no fence, no guest memory. It talks to its supervisor over a stream socket that it inherits under the number
 * that {@value #VARIABLE} names, and that has the supervisor's end in {@link Successor}. One thread.
 *
 * <pre>
 *   standby ── warm (1 byte) ──► supervisor
 *           ◄── frames: what the predecessor has left, one descriptor each; then one without a name: go
 *           ── taken (1 byte) ──►
 * </pre>
 * A frame has {@value #FRAME} bytes: the length of a name, 0 to 255, and the name in ASCII.
 */
public final class Standby implements AutoCloseable {
    /** What names the descriptor in the daemon's environment. */
    public static final String VARIABLE = "RINGFENCE_STANDBY_FD";

    static final int FRAME = 256;

    /** For Java's compilers, which are busy yet with what the rehearsal has made hot, and would be in a successor's way. */
    private static final int SETTLE_MILLIS = 100;

    private final Linux linux;
    private final Fd socket;

    private Standby(Linux linux, Fd socket) {
        this.linux = linux;
        this.socket = socket;
    }

    /**
     * The standby that the environment makes of this process; empty if it is to serve at once.
     *
     * @throws IllegalArgumentException if the variable names something else; one line
     */
    static Optional<Standby> of(Linux linux, Map<String, String> environment) {
        String number = environment.get(VARIABLE);
        if (number == null) {
            return Optional.empty();
        }
        try {
            Fd socket = linux.files().takeOver(Integer.parseInt(number));
            if (linux.sockets().isUnixSocket(socket)) {
                return Optional.of(new Standby(linux, socket));
            }
            socket.close();
        } catch (ErrnoException | NumberFormatException _) {
            // said below
        }
        throw new IllegalArgumentException("$" + VARIABLE + "=" + number + " is no socket of a supervisor's: unset it");
    }

    /**
     * What a daemon begins with: its predecessor's descriptors, which the caller owns. A standby rehearses, and waits for them
     * until it is needed; others have them from their environment.
     *
     * @param ours see {@link KeptDescriptors#from}
     * @param rehearsal what makes it warm; if that fails, it is not. It ends when it is told, by what it is given, that this
     *     standby is needed
     * @return empty: this standby is not needed any more, and ends
     * @throws IllegalArgumentException if the environment is wrong; one line
     */
    public static Optional<KeptDescriptors> succession(
            Linux linux, Map<String, String> environment, Predicate<String> ours, Consumer<BooleanSupplier> rehearsal) {
        Optional<Standby> standby = of(linux, environment);
        if (standby.isEmpty()) {
            return Optional.of(
                    environment.containsKey("LISTEN_FDS")
                            ? KeptDescriptors.from(linux, environment, ours)
                            : KeptDescriptors.none());
        }
        try (Standby waiting = standby.get()) {
            try {
                rehearsal.accept(() -> waiting.isNeeded(0));
                waiting.isNeeded(SETTLE_MILLIS);
            } catch (RuntimeException _) {
                // a standby that is not warm is better than none
            }
            return waiting.await(ours);
        }
    }

    private boolean isNeeded(int millis) {
        return linux.sockets().await(socket, Epoll.IN, millis);
    }

    /**
     * Says that it is warm, and waits until it is needed.
     *
     * @return what the predecessor has left; empty: the supervisor has gone, or wants it no more
     */
    Optional<KeptDescriptors> await(Predicate<String> ours) {
        KeptDescriptors left = KeptDescriptors.none();
        say();
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment frame = arena.allocate(FRAME);
            while (true) {
                List<Fd> fds = receive(frame);
                int length = frame.get(ValueLayout.JAVA_BYTE, 0) & 0xFF;
                if (length == 0 && fds != null) {
                    fds.forEach(Fd::close);
                    say();
                    return Optional.of(left);
                }
                if (fds == null || fds.size() != 1) {
                    left.close();
                    return Optional.empty();
                }
                byte[] bytes = frame.asSlice(1, length).toArray(ValueLayout.JAVA_BYTE);
                String name = new String(bytes, StandardCharsets.US_ASCII);
                if (ours.test(name)) {
                    left.add(name, fds.getFirst());
                } else {
                    fds.getFirst().close();
                }
            }
        }
    }

    private void say() {
        try (Arena arena = Arena.ofConfined()) {
            linux.sockets()
                    .send(socket, arena.allocate(1)); // a supervisor that has gone is seen by what it does not send
        }
    }

    /** One frame, and what came with it; null: there will be none. */
    private List<Fd> receive(MemorySegment frame) {
        List<Fd> fds = List.of();
        for (long at = 0; at < FRAME; ) {
            Received received = linux.sockets().receive(socket, frame.asSlice(at));
            if (received.bytes() <= 0 || received.truncated()) {
                fds.forEach(Fd::close);
                return null;
            }
            if (!received.fds().isEmpty()) {
                fds = received.fds(); // they come with a frame's first byte
            }
            at += received.bytes();
        }
        return fds;
    }

    @Override
    public void close() {
        socket.close();
    }
}
