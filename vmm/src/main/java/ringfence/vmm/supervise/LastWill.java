package ringfence.vmm.supervise;

import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import ringfence.linux.Child;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Spawn;
import ringfence.process.Log;

/**
 * What is to be removed if this process is killed: a shell waits for its end, and then removes the directories and the
 * sockets that were named, at most {@value #MOST}. It is started a quarter of a second after something is named first; that it
 * cannot be started, or does not read, costs nothing but what it is for: nobody waits for it. Any thread.
 */
public final class LastWill implements AutoCloseable {
    private static final Log LOG = Log.of("will");

    /** A start shall not be slowed down by it. */
    private static final long LATER_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

    /** More are not named, and stay if the process is killed. */
    static final int MOST = 1024;

    private static final long END_NANOS = TimeUnit.SECONDS.toNanos(1);

    private final Linux linux;
    private final Path program;
    private final Set<Path> named = new HashSet<>();
    /** Lines for the shell until it has started: one message, for a socket holds few, however short. */
    private final StringBuilder first = new StringBuilder();

    private boolean begun;
    private Fd input; // the shell's standard input, whose end it takes for ours; null: it was not started
    private Child shell; // null: it has not started
    private boolean deaf; // it does not read
    private boolean closed;

    /** None so far. @param home the installed tree */
    public LastWill(Linux linux, Path home) {
        this.linux = linux;
        program = home.resolve("lib/last-will");
    }

    /** Has this directory, or this socket, removed. One with a line break in its name is not. */
    public synchronized void names(Path path) {
        Path absolute = path.toAbsolutePath();
        if (closed
                || absolute.toString().indexOf('\n') >= 0
                || named.size() == MOST
                || !Files.isExecutable(program)
                || !named.add(absolute)) {
            return;
        }
        if (shell != null) {
            tell(absolute + "\n");
            return;
        }
        first.append(absolute).append('\n');
        if (!begun) {
            begun = true;
            Thread.ofPlatform().name("last-will").daemon().start(this::start);
        }
    }

    private void start() {
        LockSupport.parkNanos(LATER_NANOS);
        Spawn spawn = Spawn.of(program.toString()).env("PATH", "/usr/bin:/bin").inNewSession();
        synchronized (this) {
            if (closed) {
                return;
            }
            try {
                Fd[] ends = linux.sockets().pair();
                input = ends[0];
                try (Fd its = ends[1]) {
                    shell = linux.processes().spawn(spawn.fd(0, its));
                }
                tell(first.toString());
            } catch (ErrnoException e) {
                LOG.debug(() -> "if this process is killed, its sockets will be left: " + e.getMessage());
            }
        }
    }

    /** Waits for nobody. A shell that does not read may have a line in part: it is told nothing more. */
    private void tell(String lines) {
        if (deaf) {
            return;
        }
        byte[] bytes = lines.getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofConfined()) {
            deaf = linux.sockets().trySend(input, arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes)) < bytes.length;
        }
        if (deaf) {
            LOG.debug(() -> "if this process is killed, this will be left: " + lines);
        }
    }

    /** The process ends in order, and has removed what it made: the shell, which finds nothing, ends first. */
    @Override
    public synchronized void close() {
        closed = true;
        if (input != null) {
            input.close();
            input = null;
        }
        if (shell != null) {
            shell.await(END_NANOS);
            shell.close();
            shell = null;
        }
    }
}
