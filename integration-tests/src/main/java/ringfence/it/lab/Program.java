package ringfence.it.lab;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import ringfence.it.lab.agent.Frame;

/** A program on a {@link KvmHost}. Any thread may use it; closing kills it if it still runs. */
public final class Program implements AutoCloseable {
    private static final int CHUNK = 1 << 16;

    private final AgentClient agent;
    private final int number;
    private final Command command;
    private final Transcript out;
    private final Transcript err;
    private final CompletableFuture<Long> pid = new CompletableFuture<>();
    private final CompletableFuture<Integer> status = new CompletableFuture<>();

    Program(AgentClient agent, int number, Command command) {
        this.agent = agent;
        this.number = number;
        this.command = command;
        String name = command.words().getFirst();
        this.out = new Transcript("standard output of " + name);
        this.err = new Transcript("standard error of " + name);
    }

    /** Its process id on its host; throws {@link LabException} where it could not be started. */
    public long pid() {
        return get(pid, Duration.ofSeconds(30), "start");
    }

    /** What it writes to standard output. */
    public Transcript out() {
        return out;
    }

    /** What it writes to standard error. */
    public Transcript err() {
        return err;
    }

    /** Sends text to its standard input. */
    public void feed(String text) {
        feed(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Sends bytes to its standard input. */
    public void feed(byte[] bytes) {
        for (int at = 0; at < bytes.length; at += CHUNK) {
            agent.send(new Frame.Input(number, Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + CHUNK))));
        }
    }

    /** Ends its standard input. */
    public void endInput() {
        agent.send(new Frame.EndOfInput(number));
    }

    /** Sends it a signal by Linux's number: 9 is SIGKILL. */
    public void signal(int signal) {
        agent.send(new Frame.Signal(number, signal));
    }

    /** Whether it has not ended yet, as far as is known. */
    public boolean isRunning() {
        return !status.isDone();
    }

    /** Waits for its end; throws {@link LabException} with its output when time is up. */
    public Outcome await(Duration atMost) {
        int value = get(status, atMost, "end");
        return new Outcome(command, value, out.text(), err.text());
    }

    /** Kills it if it still runs, and waits a little for that. */
    @Override
    public void close() {
        if (isRunning()) {
            signal(9);
            await(Duration.ofSeconds(20));
        }
    }

    void accept(Frame.Report report) {
        switch (report) {
            case Frame.Started started -> pid.complete(started.pid());
            case Frame.Refused refused -> fail(new LabException(command + ": " + refused.reason()));
            case Frame.Output output -> (output.stream() == 1 ? out : err).append(output.bytes());
            case Frame.Exited exited -> {
                status.complete(exited.status());
                out.end();
                err.end();
            }
        }
    }

    void fail(RuntimeException why) {
        pid.completeExceptionally(why);
        status.completeExceptionally(why);
        out.fail(why);
        err.fail(why);
    }

    private <T> T get(CompletableFuture<T> future, Duration atMost, String what) {
        try {
            return future.get(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            throw new LabException(
                    "no " + what + " within " + atMost.toSeconds() + " s of: " + command + "\n--- out\n" + out.text()
                            + "\n--- err\n" + err.text(),
                    e);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException cause) {
                throw LabException.again(cause);
            }
            throw new LabException(command.toString(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new LabException("interrupted while waiting for the " + what + " of " + command, e);
        }
    }
}
