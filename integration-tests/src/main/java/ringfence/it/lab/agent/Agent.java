package ringfence.it.lab.agent;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Starts programs on somebody's behalf and reports what they write and how they end. */
public final class Agent {
    private final DataInputStream orders;
    private final DataOutputStream reports;
    private final Map<Integer, Child> children = new ConcurrentHashMap<>();

    /** An agent between two streams; {@link #serve} does the work. */
    public Agent(InputStream orders, OutputStream reports) {
        this.orders = new DataInputStream(new BufferedInputStream(orders));
        this.reports = new DataOutputStream(new BufferedOutputStream(reports, 1 << 16));
    }

    /** The agent of L1: standard input and output are the virtio-serial port. */
    public static void main(String[] arguments) throws IOException {
        new Agent(new Port(), new FileOutputStream(FileDescriptor.out)).serve();
    }

    /** Takes orders until they end, then kills what still runs. */
    public void serve() throws IOException {
        try {
            while (true) {
                switch (FrameCodec.read(orders)) {
                    case Frame.Start start -> start(start);
                    case Frame.Input input -> with(input, child -> child.feed(input.bytes()));
                    case Frame.EndOfInput end -> with(end, Child::endInput);
                    case Frame.Signal signal -> with(signal, child -> child.signal(signal.signal()));
                    case Frame.Report report -> throw new IOException("not an order: " + report);
                }
            }
        } catch (EOFException end) {
            // the test has no more orders
        } finally {
            children.values().forEach(Child::kill);
        }
    }

    private void start(Frame.Start start) {
        try {
            Child child = Child.start(start, this::report);
            children.put(start.program(), child);
            child.watch(() -> children.remove(start.program()));
        } catch (IOException e) {
            report(new Frame.Refused(start.program(), String.valueOf(e.getMessage())));
        }
    }

    /** An order for a program that has ended meanwhile has no effect. */
    private void with(Frame.Order order, Consumer<Child> action) {
        Child child = children.get(order.program());
        if (child != null) {
            action.accept(child);
        }
    }

    private void report(Frame.Report report) {
        synchronized (reports) {
            try {
                FrameCodec.write(report, reports);
            } catch (IOException e) {
                // nobody listens any more; serve() sees the same end and stops
            }
        }
    }

    /** Standard input where it is a virtio-serial port, which FileInputStream.available takes for a file. */
    private static final class Port extends FilterInputStream {
        Port() {
            super(new FileInputStream(FileDescriptor.in));
        }

        @Override
        public int available() {
            return 0;
        }
    }
}
