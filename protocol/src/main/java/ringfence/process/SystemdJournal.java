package ringfence.process;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Stat;

/**
 * The host's journal, where standard error goes there: {@code $JOURNAL_STREAM} names its file (systemd.exec(5)). A record is a
 * datagram of fields to journald's socket, by which {@code journalctl} finds it: {@code PRIORITY}, {@code RINGFENCE_DEVICE},
 * {@code RINGFENCE_COMPONENT}.
 *
 * <p>The socket is connected once, before its owner confines itself. What cannot be sent, because nobody listens, the socket
 * is full or the record is larger than a datagram, is a line on standard error with its priority in front
 * (sd-daemon(3)). Any thread.
 */
public final class SystemdJournal {
    /** The environment's variable that says to which file of the journal's standard error is connected. */
    public static final String STREAM = "JOURNAL_STREAM";

    /** That of a daemon which the VMM has started: the device that it serves. A field of its records, too. */
    public static final String DEVICE = "RINGFENCE_DEVICE";

    private static final String COMPONENT = "RINGFENCE_COMPONENT";
    private static final String ADDRESS = "/run/systemd/journal/socket";
    private static final int STANDARD_ERROR = 2;
    private static final Pattern OF_DEVICE = Pattern.compile("(\\w[\\w.-]*): .*", Pattern.DOTALL);

    private final Linux linux;
    private final Optional<Fd> socket;
    private final PrintStream lines;
    private final String identifier;
    private final Optional<String> device;

    private SystemdJournal(
            Linux linux, Optional<Fd> socket, PrintStream lines, String identifier, Optional<String> device) {
        this.linux = linux;
        this.socket = socket;
        this.lines = lines;
        this.identifier = identifier;
        this.device = device;
    }

    /**
     * That of this process.
     *
     * @param identifier the program's name
     * @return empty: its standard error goes elsewhere
     */
    public static Optional<SystemdJournal> ofStandardError(String identifier) {
        if (System.getenv(STREAM) == null) {
            return Optional.empty(); // and nothing is loaded for it
        }
        Linux linux = Linux.system();
        Fd errors = Fd.own(linux.kernel(), STANDARD_ERROR); // is never closed
        return of(linux, System.getenv(), errors, ADDRESS, System.err, identifier);
    }

    /** The same, of these. @param address of journald's socket */
    static Optional<SystemdJournal> of(
            Linux linux,
            Map<String, String> environment,
            Fd errors,
            String address,
            PrintStream lines,
            String identifier) {
        try {
            Stat stat = linux.files().stat(errors);
            String stream = Long.toUnsignedString(stat.device()) + ':' + Long.toUnsignedString(stat.inode());
            if (!stream.equals(environment.get(STREAM))) {
                return Optional.empty(); // an ancestor's, which had another standard error
            }
        } catch (ErrnoException _) {
            return Optional.empty(); // it is closed
        }
        Optional<String> device = Optional.ofNullable(environment.get(DEVICE));
        return Optional.of(new SystemdJournal(linux, connect(linux, address), lines, identifier, device));
    }

    private static Optional<Fd> connect(Linux linux, String address) {
        try {
            return Optional.of(linux.datagrams().connect(address));
        } catch (ErrnoException _) {
            return Optional.empty();
        }
    }

    /** Writes what a program says that has no log of levels and components. */
    public void write(LogLevel level, String text) {
        send(level, text, identifier + ": " + text, new LinkedHashMap<>());
    }

    /**
     * Writes what a program ends with: in lines on standard error. Of a datagram's sender that has gone journald learns no
     * unit, and {@code systemctl status} would not show why it failed.
     */
    void writeLast(LogLevel level, String text) {
        print(level, identifier + ": " + text);
    }

    /** The same of a record. */
    void writeLast(LogRecord entry, String text) {
        print(entry.level(), entry.source() + ": " + text);
    }

    /** Writes a record. @param text what is to be read of it */
    void write(LogRecord entry, String text) {
        SequencedMap<String, String> fields = new LinkedHashMap<>();
        fields.put(COMPONENT, entry.source());
        deviceOf(entry).ifPresent(name -> fields.put(DEVICE, name));
        send(entry.level(), text, entry.source() + ": " + text, fields);
    }

    /** Who speaks of devices begins with the name of one. */
    private static Optional<String> deviceOf(LogRecord entry) {
        Matcher matcher = OF_DEVICE.matcher(entry.text());
        return switch (entry.source()) {
            case "device", "machine", "pmem" -> matcher.matches() ? Optional.of(matcher.group(1)) : Optional.empty();
            default -> Optional.empty();
        };
    }

    /** @param plain the same without fields */
    private void send(LogLevel level, String text, String plain, SequencedMap<String, String> fields) {
        fields.putFirst("SYSLOG_IDENTIFIER", identifier);
        fields.putFirst("PRIORITY", Integer.toString(priority(level)));
        fields.putFirst("MESSAGE", text);
        device.ifPresent(name -> fields.putIfAbsent(DEVICE, name));
        if (socket.isEmpty() || !isSent(socket.get(), datagram(fields))) {
            print(level, plain);
        }
    }

    private void print(LogLevel level, String text) {
        StringBuilder prefixed = new StringBuilder();
        text.lines()
                .forEach(line -> prefixed.append('<')
                        .append(priority(level))
                        .append('>')
                        .append(line)
                        .append('\n'));
        lines.print(prefixed);
        lines.flush();
    }

    private boolean isSent(Fd to, byte[] datagram) {
        try (Arena arena = Arena.ofConfined()) {
            return linux.sockets().trySend(to, arena.allocateFrom(ValueLayout.JAVA_BYTE, datagram)) >= 0;
        }
    }

    /** Fields as {@code NAME=value}; a value of several lines has its length in front instead. */
    private static byte[] datagram(Map<String, String> fields) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        fields.forEach((name, text) -> {
            byte[] value = text.getBytes(StandardCharsets.UTF_8);
            boolean isLine = text.indexOf('\n') < 0;
            bytes.writeBytes((name + (isLine ? '=' : '\n')).getBytes(StandardCharsets.UTF_8));
            if (!isLine) {
                bytes.writeBytes(ByteBuffer.allocate(Long.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(value.length)
                        .array());
            }
            bytes.writeBytes(value);
            bytes.write('\n');
        });
        return bytes.toByteArray();
    }

    /** As syslog(3) has it. */
    private static int priority(LogLevel level) {
        return switch (level) {
            case ERROR -> 3;
            case WARN -> 4;
            case INFO -> 6;
            case DEBUG, TRACE -> 7;
        };
    }
}
