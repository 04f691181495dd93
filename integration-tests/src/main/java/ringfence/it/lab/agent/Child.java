package ringfence.it.lab.agent;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;

/**
 * A running program of the {@link Agent}: three threads move its streams, one waits for its end. Any thread may call
 * any method.
 */
final class Child {
    private static final int KILL = 9;
    private static final int TERM = 15;
    /** How long after its end its output may come, where others still hold its pipes. */
    private static final long LAST_OUTPUT_MILLIS = 2_000;

    /** What ends the queue of input. */
    private static final byte[] END = {};

    private final int number;
    private final Process process;
    private final Consumer<Frame.Report> reports;
    private final BlockingQueue<byte[]> input = new LinkedBlockingQueue<>();

    private Child(int number, Process process, Consumer<Frame.Report> reports) {
        this.number = number;
        this.process = process;
        this.reports = reports;
    }

    /** Starts the program and reports its pid; {@link #watch} must follow. */
    static Child start(Frame.Start start, Consumer<Frame.Report> reports) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(start.words());
        builder.environment().putAll(start.environment());
        if (!start.directory().isEmpty()) {
            builder.directory(new File(start.directory()));
        }
        Process process = builder.start();
        reports.accept(new Frame.Started(start.program(), process.pid()));
        return new Child(start.program(), process, reports);
    }

    /** Moves its streams until it ends, then calls {@code atEnd} and reports its status. */
    void watch(Runnable atEnd) {
        run("in", this::moveInput);
        Thread out = run("out", () -> moveOutput(process.getInputStream(), 1));
        Thread err = run("err", () -> moveOutput(process.getErrorStream(), 2));
        run("end", () -> {
            try {
                int status = process.waitFor();
                out.join(LAST_OUTPUT_MILLIS);
                err.join(LAST_OUTPUT_MILLIS);
                input.add(END);
                atEnd.run();
                reports.accept(new Frame.Exited(number, status));
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        });
    }

    void feed(byte[] bytes) {
        if (bytes.length > 0) {
            input.add(bytes);
        }
    }

    void endInput() {
        input.add(END);
    }

    void kill() {
        process.toHandle().destroyForcibly(); // the process's own method would close its streams, unread
    }

    void signal(int signal) {
        switch (signal) {
            case KILL -> kill();
            case TERM -> process.toHandle().destroy();
            default -> {
                try {
                    new ProcessBuilder("kill", "-" + signal, Long.toString(process.pid())).start();
                } catch (IOException e) {
                    reports.accept(new Frame.Output(number, 2, utf8("agent: " + e.getMessage() + "\n")));
                }
            }
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    private Thread run(String role, Runnable work) {
        return Thread.ofPlatform()
                .daemon()
                .name("program" + number + "/" + role)
                .start(work);
    }

    private void moveInput() {
        try (OutputStream to = process.getOutputStream()) {
            for (byte[] bytes = input.take(); bytes.length > 0; bytes = input.take()) {
                to.write(bytes);
                to.flush();
            }
        } catch (IOException e) {
            // it does not read any more
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void moveOutput(InputStream from, int stream) {
        byte[] buffer = new byte[1 << 16];
        try {
            for (int n = from.read(buffer); n >= 0; n = from.read(buffer)) {
                reports.accept(new Frame.Output(number, stream, Arrays.copyOf(buffer, n)));
            }
        } catch (IOException e) {
            // its pipe was closed under us at its end
        }
    }
}
