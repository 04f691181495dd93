package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import ringfence.it.lab.Checkout;

/**
 * A systemd of the test's own, a user's manager without a session, that runs one service: the unit of a document, with
 * other paths. It has control groups of its own, below those of the test, which is for root.
 */
public final class SystemdUnit implements AutoCloseable {
    private static final Path SYSTEMD = Path.of("/usr/lib/systemd/systemd");
    /** Where control groups are: one place, or two beside each other. */
    private static final List<Path> HIERARCHIES =
            List.of(Path.of("/sys/fs/cgroup"), Path.of("/sys/fs/cgroup/unified"), Path.of("/sys/fs/cgroup/systemd"));

    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
    /** What a unit needs by default, empty: none of this machine's services are to start. */
    private static final List<String> TARGETS = List.of("basic.target", "shutdown.target", "exit.target");

    private static final String IN_GROUPS_OF_ITS_OWN = """
        for hierarchy in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
            if [ -e "$hierarchy/cgroup.procs" ]; then
                mkdir "$hierarchy/ringfence-test-$$" && echo $$ >"$hierarchy/ringfence-test-$$/cgroup.procs" || exit 77
            fi
        done
        exec unshare --mount sh -c '[ -e /run/systemd/system ] || { mount -t tmpfs none /run && mkdir -p /run/systemd/system; }
            exec "$@"' sh "$@"
        """;

    private static final String SERVICE = "daemon.service";

    private final Path home;
    private final Process systemd;
    private final Path socket;

    /**
     * Starts it, and waits until the service listens.
     *
     * @param home an empty folder for it
     * @param document which shows the unit, the first that it has
     * @param replaced what to put in place of what the document names; {@link #socketIn} for its socket
     */
    public SystemdUnit(Path home, String document, Map<String, String> replaced) throws IOException {
        this.home = home;
        socket = socketIn(home);
        Path units = Files.createDirectory(home.resolve("units"));
        Files.createDirectory(home.resolve("run"));
        for (String target : TARGETS) {
            Files.writeString(units.resolve(target), "[Unit]\nDescription=" + target + "\nDefaultDependencies=no\n");
        }
        Files.writeString(units.resolve(SERVICE), documented(document, replaced));
        ProcessBuilder builder = new ProcessBuilder(
                "/bin/sh", "-c", IN_GROUPS_OF_ITS_OWN, "sh", SYSTEMD.toString(), "--user", "--unit=" + SERVICE);
        builder.environment().put("XDG_RUNTIME_DIR", home.resolve("run").toString());
        builder.environment().put("SYSTEMD_UNIT_PATH", units.toString());
        builder.environment().put("SYSTEMD_LOG_TARGET", "console");
        builder.environment().put("SYSTEMD_LOG_LEVEL", "warning");
        systemd = builder.redirectErrorStream(true)
                .redirectOutput(home.resolve("log").toFile())
                .start();
        await(() -> Files.exists(socket));
    }

    /** Whether this machine has one, and we may start it. */
    public static boolean isPossible() {
        return Files.isExecutable(SYSTEMD)
                && HIERARCHIES.stream().anyMatch(one -> Files.isWritable(one.resolve("cgroup.procs")));
    }

    /** The unit that the document shows, with each of its names replaced. */
    private static String documented(String document, Map<String, String> replaced) throws IOException {
        String text = Files.readString(Checkout.find().root().resolve("docs").resolve(document));
        int unit = text.indexOf("[Service]\nType=notify\n");
        int begin = text.lastIndexOf("```ini\n", unit) + "```ini\n".length();
        String shown = text.substring(begin, text.indexOf("```", begin));
        for (Map.Entry<String, String> name : replaced.entrySet()) {
            assertThat(shown).contains(name.getKey());
            shown = shown.replace(name.getKey(), name.getValue());
        }
        return shown;
    }

    /** Where it listens. */
    public static Path socketIn(Path home) {
        return home.resolve("s");
    }

    /** See {@link #socketIn}. */
    public Path socket() {
        return socket;
    }

    /** The service's process; empty: none lives. */
    public Optional<ProcessHandle> service() {
        return systemd.descendants().filter(this::isService).findFirst();
    }

    private boolean isService(ProcessHandle process) {
        return process.info().commandLine().orElse("").contains("--socket-path=" + socket);
    }

    private interface Condition {
        boolean holds();
    }

    private void await(Condition condition) throws IOException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (!condition.holds()) {
            if (!systemd.isAlive() || System.nanoTime() > deadline) {
                String log = Files.readString(home.resolve("log"));
                close();
                throw new IllegalStateException("systemd does not do it: " + log);
            }
            LockSupport.parkNanos(1_000_000);
        }
    }

    /** SIGKILL for the service. @return the process that was killed */
    public ProcessHandle kill() {
        try {
            await(() -> service().isPresent());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        ProcessHandle killed = service().orElseThrow();
        killed.destroyForcibly();
        killed.onExit().join();
        return killed;
    }

    @Override
    public void close() throws IOException {
        List<ProcessHandle> all = systemd.descendants().toList();
        systemd.destroy();
        try {
            if (!systemd.waitFor(2, TimeUnit.SECONDS)) {
                systemd.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        all.forEach(ProcessHandle::destroyForcibly);
        for (Path hierarchy : HIERARCHIES) {
            removeGroups(hierarchy.resolve("ringfence-test-" + systemd.pid()));
        }
    }

    private static void removeGroups(Path group) throws IOException {
        if (Files.exists(group)) {
            try (var below = Files.newDirectoryStream(group, Files::isDirectory)) {
                for (Path one : below) {
                    removeGroups(one);
                }
            }
            long deadline = System.nanoTime() + PATIENCE_NANOS;
            while (!group.toFile().delete() && System.nanoTime() < deadline) {
                LockSupport.parkNanos(1_000_000); // until the kernel has buried the last process
            }
        }
    }
}
