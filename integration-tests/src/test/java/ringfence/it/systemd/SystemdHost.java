package ringfence.it.systemd;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import ringfence.it.lab.Checkout;

/** A host with systemd and the package; for root. The script {@code host} makes it. */
final class SystemdHost implements AutoCloseable {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);
    private static final List<Path> HIERARCHIES =
            List.of(Path.of("/sys/fs/cgroup"), Path.of("/sys/fs/cgroup/unified"), Path.of("/sys/fs/cgroup/systemd"));

    private final Path folder;
    private final Process starter;
    private final long systemd;

    private SystemdHost(Path folder, Process starter, long systemd) {
        this.folder = folder;
        this.starter = starter;
        this.systemd = systemd;
    }

    /** Whether this machine has a systemd, and we may start it. */
    static boolean isPossible() {
        return Files.isExecutable(Path.of("/usr/lib/systemd/systemd"))
                && HIERARCHIES.stream().anyMatch(one -> Files.isWritable(one.resolve("cgroup.procs")));
    }

    /**
     * Makes it.
     *
     * @param folder an empty one, that it shares with the test
     * @param deb the package
     */
    static SystemdHost start(Path folder, Path deb) throws Exception {
        Path script = Checkout.find().root().resolve("integration-tests/src/test/resources/systemd/host");
        Process starter = new ProcessBuilder("sh", script.toString(), folder.toString(), deb.toString())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("log").toFile())
                .start();
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            List<ProcessHandle> first = starter.children().toList();
            if (!first.isEmpty() && Files.exists(folder.resolve("ready"))) {
                SystemdHost host =
                        new SystemdHost(folder, starter, first.getFirst().pid());
                if (host.run("systemctl", "is-active", "test.target").code() == 0) {
                    return host;
                }
            }
            if (!starter.isAlive() || System.nanoTime() > deadline) {
                starter.destroyForcibly();
                throw new IllegalStateException("no systemd: " + Files.readString(folder.resolve("log")));
            }
            Thread.sleep(20);
        }
    }

    /** What a command has said, standard error too, and its exit code. */
    record Said(int code, String text) {}

    /** Runs a command there. */
    Said run(String... command) throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(
                List.of("nsenter", "--target=" + systemd, "--mount", "--pid", "--root", "--wdns=/", "--"));
        words.addAll(List.of(command));
        Process process = new ProcessBuilder(words).redirectErrorStream(true).start();
        String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return new Said(process.waitFor(), text.strip());
    }

    /** The same, of a command that must succeed. @return what it has said */
    String succeed(String... command) throws IOException, InterruptedException {
        Said said = run(command);
        if (said.code() != 0) {
            throw new AssertionError(
                    List.of(command) + " ends with " + said.code() + ": " + said.text() + "\n" + log());
        }
        return said.text();
    }

    /** A unit's property, as {@code systemctl show} has it. */
    String property(String unit, String name) throws IOException, InterruptedException {
        return succeed("systemctl", "show", "--value", "--property=" + name, unit);
    }

    /** One of its files, seen from here. */
    Path file(String path) {
        return Path.of("/proc/" + systemd + "/root" + path);
    }

    /** What systemd and its units have said. */
    String log() throws IOException {
        Path errors = folder.resolve("errors");
        return Files.readString(folder.resolve("log")) + (Files.exists(errors) ? Files.readString(errors) : "");
    }

    @Override
    public void close() throws IOException {
        List<ProcessHandle> all = starter.descendants().toList();
        all.forEach(ProcessHandle::destroyForcibly); // with its first process a namespace ends
        starter.destroyForcibly();
        starter.onExit().join();
        for (Path hierarchy : HIERARCHIES) {
            removeGroups(hierarchy.resolve("ringfence-test-" + starter.pid()));
        }
    }

    private static void removeGroups(Path group) throws IOException {
        if (!Files.exists(group)) {
            return;
        }
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
