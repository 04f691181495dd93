package ringfence.it.bench;

import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Received;

/** A process that has just been started and will serve a Unix socket. Of one thread. */
final class ColdProcess implements AutoCloseable {
    private static final int LONGEST = 1 << 16;
    private static final long DEADLINE_MILLIS = 10_000;

    private final Linux linux;
    private final Path socket;
    private final File errors;
    private final Process process;

    /** Starts it. @param errors where its standard error goes */
    ColdProcess(Linux linux, List<String> command, Path socket, File errors) throws IOException {
        this.linux = linux;
        this.socket = socket;
        this.errors = errors;
        Files.deleteIfExists(socket);
        process = new ProcessBuilder(command)
                .redirectError(errors)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .redirectInput(new File("/dev/null"))
                .start();
    }

    /** Milliseconds from before its start until it has answered one request. */
    static double millisToAnswer(
            Linux linux, List<String> command, Path socket, File errors, byte[] request, Predicate<byte[]> whole)
            throws IOException, InterruptedException {
        long before = System.nanoTime();
        try (ColdProcess cold = new ColdProcess(linux, command, socket, errors);
                Fd connection = cold.connect()) {
            cold.ask(connection, request, whole);
            return (System.nanoTime() - before) / 1e6;
        }
    }

    /** As clients do: again and again, every millisecond, until somebody listens. */
    Fd connect() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + DEADLINE_MILLIS * 1_000_000;
        while (true) {
            try {
                Fd connected = linux.sockets().connect(socket.toString());
                linux.sockets().timeout(connected, DEADLINE_MILLIS, DEADLINE_MILLIS);
                return connected;
            } catch (ErrnoException e) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    throw new IOException("nobody listens at " + socket + "; see " + errors, e);
                }
                Thread.sleep(1);
            }
        }
    }

    /**
     * Sends in one message, and waits for the answer.
     *
     * @param whole whether what has come is all of it
     */
    void ask(Fd connection, byte[] request, Predicate<byte[]> whole, Fd... fds) throws IOException {
        try (Arena arena = Arena.ofConfined()) {
            linux.sockets().send(connection, arena.allocateFrom(ValueLayout.JAVA_BYTE, request), fds);
            MemorySegment into = arena.allocate(LONGEST);
            ByteArrayOutputStream answer = new ByteArrayOutputStream();
            while (!whole.test(answer.toByteArray())) {
                Received received = linux.sockets().receive(connection, into);
                if (received.bytes() <= 0 || answer.size() > LONGEST) {
                    throw new IOException("no answer from " + socket + " but " + answer + "; see " + errors);
                }
                answer.write(into.asSlice(0, received.bytes()).toArray(ValueLayout.JAVA_BYTE));
            }
        }
    }

    /** Kills it, and what it has started. */
    @Override
    public void close() {
        process.descendants().forEach(ProcessHandle::destroyForcibly);
        process.destroyForcibly();
        try {
            process.waitFor(DEADLINE_MILLIS, TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
