package ringfence.fs.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/** Lines to the system's log, as syslog(3) sends them. A line that it does not take is lost. */
final class SystemLog {
    private static final String ADDRESS = "/dev/log";
    /** Facility daemon, severity error. */
    private static final String HEAD = "<27>vhost-user-fs[";

    private SystemLog() {}

    /** Where nobody listens, lines go to standard error: a daemon is not kept from its work by that. */
    static Consumer<String> open(Linux linux, Consumer<String> otherwise) {
        Fd socket;
        try {
            socket = linux.datagrams().connect(ADDRESS);
        } catch (ErrnoException e) {
            otherwise.accept("--syslog: " + ADDRESS + ": " + e.errno().text() + ", lines go to standard error");
            return otherwise;
        }
        String head = HEAD + linux.processes().pid() + "]: ";
        return line -> {
            byte[] bytes = (head + line.replace('\n', ' ')).getBytes(StandardCharsets.UTF_8);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment text = arena.allocate(bytes.length);
                MemorySegment.copy(bytes, 0, text, ValueLayout.JAVA_BYTE, 0, bytes.length);
                linux.sockets().send(socket, text);
            }
        };
    }
}
