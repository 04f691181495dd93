package ringfence.it.fuse;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import ringfence.linux.Child;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Processes;
import ringfence.linux.Spawn;
import ringfence.vhostuser.link.Frontend;
import ringfence.vmm.supervise.DescriptorStore;

/**
 * Our daemon on a folder, again and again: each gets what the one before has left with the store of descriptors that the
 * VMM uses. {@link #kill} from any thread; all else from one.
 */
public final class FsSuccession implements FuseGuest.Recovery, Mortal, AutoCloseable {
    private static final long START_NANOS = 60_000_000_000L;
    private static final int FIRST = 3;
    private static final int ROOT = 0;

    private final Linux linux;
    private final List<String> command;
    private final Path home;
    private final Path socket;
    private final DescriptorStore store;
    private volatile Child child;
    private final AtomicInteger started = new AtomicInteger();

    /** Starts the first. */
    public FsSuccession(Linux linux, FsProgram program, Path folder, String... options) throws IOException {
        this(linux, program, folder, ROOT, options);
    }

    /** The same of daemons that run as this user. */
    FsSuccession(Linux linux, FsProgram program, Path folder, int user, String... options) throws IOException {
        this.linux = linux;
        home = Files.createTempDirectory("ringfence-fs");
        socket = home.resolve("s");
        Path left = home.resolve("store");
        store = new DescriptorStore(linux, "fs", left.toString());
        for (Path path : List.of(home, left)) {
            Files.setAttribute(path, "unix:uid", user);
        }
        command = program.on(folder, socket, "auto", List.of(options));
        start();
    }

    private void start() throws IOException {
        Files.deleteIfExists(socket);
        child = store.start(this::spawn, Child::pid);
        started.incrementAndGet();
        long deadline = System.nanoTime() + START_NANOS;
        while (!Files.exists(socket)) {
            if (child.await(TimeUnit.MILLISECONDS.toNanos(1)).isPresent() || System.nanoTime() > deadline) {
                throw new IllegalStateException("daemon " + started + " does not start: " + command);
            }
        }
    }

    private Child spawn(SequencedMap<String, Fd> left) {
        Map<Integer, Fd> fds = new HashMap<>();
        int next = FIRST;
        for (Fd fd : left.values()) {
            fds.put(next++, fd);
        }
        Map<String, String> environment = new HashMap<>(Map.of("NOTIFY_SOCKET", store.address()));
        List<String> words = new ArrayList<>();
        if (!left.isEmpty()) {
            environment.put("LISTEN_FDS", Integer.toString(left.size()));
            environment.put("LISTEN_FDNAMES", String.join(":", left.keySet()));
            words.addAll(List.of("/bin/sh", "-c", "export LISTEN_PID=$$; exec \"$0\" \"$@\""));
        }
        words.addAll(command);
        try (Fd errors = linux.files().duplicate(2)) {
            fds.put(2, errors);
            return linux.processes().spawn(new Spawn(words, environment, fds, true));
        }
    }

    /** Where the living one listens. */
    public Path socket() {
        return socket;
    }

    @Override
    public int started() {
        return started.get();
    }

    @Override
    public void kill() {
        child.kill(Processes.SIGKILL);
    }

    /** Waits for the end of the one that lived, then starts the next. */
    @Override
    public Frontend successor() {
        if (child.await(START_NANOS).isEmpty()) {
            throw new IllegalStateException("the daemon has hung up, but lives");
        }
        child.close();
        try {
            start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return FuseGuest.reach(linux, socket.toString());
    }

    @Override
    public void close() throws IOException {
        child.kill(Processes.SIGKILL);
        child.await(START_NANOS);
        child.close();
        store.close();
        try (var files = Files.newDirectoryStream(home)) {
            for (Path file : files) {
                Files.delete(file);
            }
        }
        Files.delete(home);
    }
}
