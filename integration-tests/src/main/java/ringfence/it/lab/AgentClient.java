package ringfence.it.lab;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import ringfence.it.lab.agent.Frame;
import ringfence.it.lab.agent.FrameCodec;

/** The test's end of the frames: hands reports to their programs, and fails them all when the agent is gone. */
final class AgentClient implements AutoCloseable {
    private final DataInputStream reports;
    private final DataOutputStream orders;
    private final Supplier<RuntimeException> whyGone;
    private final Map<Integer, Program> programs = new ConcurrentHashMap<>();
    private final Queue<Program> started = new ConcurrentLinkedQueue<>();
    private final AtomicInteger numbers = new AtomicInteger();
    private final CompletableFuture<RuntimeException> gone = new CompletableFuture<>();

    /** {@code whyGone} is asked once, by the reader thread, when the stream of reports has ended. */
    AgentClient(InputStream reports, OutputStream orders, Supplier<RuntimeException> whyGone) {
        this.reports = new DataInputStream(new BufferedInputStream(reports, 1 << 16));
        this.orders = new DataOutputStream(new BufferedOutputStream(orders, 1 << 16));
        this.whyGone = whyGone;
        Thread.ofPlatform().daemon().name("agent-reports").start(this::read);
    }

    Program start(Command command, String directory) {
        int number = numbers.incrementAndGet();
        Program program = new Program(this, number, command);
        programs.put(number, program);
        started.add(program);
        send(new Frame.Start(number, command.words(), command.environment(), directory));
        return program;
    }

    List<Program> programs() {
        return List.copyOf(started);
    }

    void forgetEnded() {
        started.removeIf(program -> !program.isRunning());
    }

    void send(Frame.Order order) {
        if (gone.isDone()) {
            throw LabException.again(gone.join());
        }
        synchronized (orders) {
            try {
                FrameCodec.write(order, orders);
            } catch (IOException e) {
                throw LabException.again(gone.completeOnTimeout(
                                new LabException("the agent takes no orders: " + e.getMessage(), e),
                                30,
                                TimeUnit.SECONDS)
                        .join());
            }
        }
    }

    /** Ends the orders: the agent kills what still runs, and ends. */
    @Override
    public void close() {
        try {
            orders.close();
        } catch (IOException e) {
            // it is gone already
        }
    }

    private void read() {
        try {
            while (true) {
                if (!(FrameCodec.read(reports) instanceof Frame.Report report)) {
                    throw new IOException("an order where a report was expected");
                }
                Program program = programs.get(report.program());
                if (program != null) {
                    program.accept(report);
                }
                if (report instanceof Frame.Exited || report instanceof Frame.Refused) {
                    programs.remove(report.program());
                }
            }
        } catch (IOException e) {
            RuntimeException why = whyGone.get();
            gone.complete(why);
            programs.values().forEach(program -> program.fail(why));
        }
    }
}
