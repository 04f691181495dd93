package ringfence.process;

import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Where the records of this process go: the level, the bounded buffer, and the thread that empties it into Log4j. One per
 * process; set up by its main before anything is logged.
 *
 * <pre>
 *   closed   records wait in the buffer, {@value #CAPACITY} at most; what comes on top is dropped and counted
 *      | open(): the guest runs, there is time
 *   open     the first record starts the writer thread, which loads Log4j and from then on writes each record
 * </pre>
 *
 * What still waits when the process ends is written without Log4j, so that an early failure costs no half second. Where
 * standard error goes to systemd's journal, records go there by themselves ({@link SystemdJournal}), without Log4j as well.
 */
public final class Logs {
    private static final int CAPACITY = 1024;
    private static final String NAME = "ringfence";
    private static final ArrayBlockingQueue<LogRecord> BUFFER = new ArrayBlockingQueue<>(CAPACITY);
    private static final AtomicLong DROPPED = new AtomicLong();
    private static volatile LogLevel limit = LogLevel.WARN;
    private static volatile Optional<Path> file = Optional.empty();
    private static volatile Optional<LogFormat> format = Optional.empty();
    private static volatile Optional<SystemdJournal> journal = Optional.empty();
    private static volatile long since;
    private static volatile boolean open;
    private static Thread writer;

    private Logs() {}

    /**
     * Says how much is written, and where to.
     *
     * @param to a file, which is appended to; empty: standard error
     * @throws BadInputException if the file cannot be written
     */
    public static void configure(LogLevel level, Optional<Path> to) {
        configure(level, to, Optional.empty());
    }

    /** The same, with lines of that form; empty: ours. */
    public static void configure(LogLevel level, Optional<Path> to, Optional<LogFormat> form) {
        format = form;
        since = System.currentTimeMillis();
        to.ifPresent(path -> append(path, ""));
        limit = level;
        file = to;
        journal = to.isEmpty() ? SystemdJournal.ofStandardError(NAME) : Optional.empty();
    }

    /** Records go there, and not to standard error. */
    static void toJournal(SystemdJournal to) {
        journal = Optional.of(to);
    }

    static LogLevel limit() {
        return limit;
    }

    /** As it is written. */
    static String line(LogRecord entry) {
        Optional<LogFormat> form = format;
        return form.isEmpty() ? entry.line() : form.get().line(entry, since);
    }

    static Optional<Path> file() {
        return file;
    }

    /** Takes a record, or drops and counts it. */
    static void offer(LogRecord entry) {
        if (!BUFFER.offer(entry)) {
            DROPPED.incrementAndGet();
        }
        if (open) {
            startWriter();
        }
    }

    /** From now on there is time for Log4j: records that wait, and those that come, are written by it. */
    public static void open() {
        open = true;
        if (!BUFFER.isEmpty()) {
            startWriter();
        }
    }

    private static synchronized void startWriter() {
        if (writer == null) {
            writer = new Thread(Logs::write, "log");
            writer.setDaemon(true);
            writer.start();
        }
    }

    private static void write() {
        try {
            Consumer<LogRecord> sink = sink();
            while (true) {
                LogRecord next = BUFFER.take();
                synchronized (BUFFER) {
                    sink.accept(next);
                }
                long dropped = DROPPED.getAndSet(0);
                if (dropped > 0) {
                    sink.accept(dropped(dropped));
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** An operator's own configuration of Log4j wins over the journal. */
    private static Consumer<LogRecord> sink() {
        return journal.isPresent() && !Log4jSink.isConfigured() ? Logs::tell : Log4jSink.load(file)::write;
    }

    private static void tell(LogRecord entry) {
        journal.get().write(entry, text(entry));
    }

    /** The journal knows by itself when that is, and how much it matters. */
    private static String text(LogRecord entry) {
        return format.isEmpty() ? entry.message() : line(entry);
    }

    private static LogRecord dropped(long count) {
        return new LogRecord(
                System.currentTimeMillis(),
                LogLevel.WARN,
                Thread.currentThread().getName(),
                "log",
                count + " records dropped: the buffer was full",
                null);
    }

    /** Writes what still waits, without Log4j. For the end of the process. */
    static void flush(PrintStream errors) {
        synchronized (BUFFER) { // a line that is being written is written whole
            flushWaiting(errors);
        }
    }

    private static void flushWaiting(PrintStream errors) {
        List<LogRecord> waiting = new ArrayList<>();
        BUFFER.drainTo(waiting);
        long dropped = DROPPED.getAndSet(0);
        if (dropped > 0) {
            waiting.add(dropped(dropped));
        }
        if (waiting.isEmpty()) {
            return;
        }
        if (journal.isPresent()) {
            waiting.forEach(entry -> journal.get().writeLast(entry, text(entry)));
            return;
        }
        StringBuilder lines = new StringBuilder();
        waiting.forEach(entry -> lines.append(line(entry)).append(System.lineSeparator()));
        file.ifPresentOrElse(path -> append(path, lines.toString()), () -> errors.print(lines));
    }

    private static void append(Path path, String text) {
        try {
            Files.writeString(path, text, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (java.io.IOException e) {
            throw new BadInputException(
                    "cannot write the log file " + path + ": " + e.getClass().getSimpleName(), e);
        }
    }
}
