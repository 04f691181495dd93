import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Trains a program's AOT cache: its real code runs once under the tree's own java with the launcher's own flags, since a
 * cache is refused by a JVM that was started otherwise.
 */
final class Training {
    private static final long LIMIT_SECONDS = 300;

    private final Path tree;
    private final Path work;
    private final Program program;

    Training(Path tree, Path work, Program program) {
        this.tree = tree;
        this.work = work;
        this.program = program;
    }

    /** Whether all of it is in the runtime image. */
    boolean isOfImage() {
        return program.classPath().isEmpty();
    }

    /** Trains, unless the inputs are those of the last time. */
    void train(String inputs) throws IOException, InterruptedException {
        Path cache = tree.resolve("lib/cache").resolve(program.name() + ".aot");
        Path stamp = work.resolve(program.name() + ".stamp");
        String all = inputs + program + Launcher.common("HOME");
        if (Files.exists(cache) && Assemble.unchanged(stamp, all)) {
            return;
        }
        Path fresh = work.resolve(program.name() + ".aot");
        Files.deleteIfExists(fresh);
        long start = System.nanoTime();
        Path log = run("-XX:AOTCacheOutput=" + fresh);
        if (!Files.exists(fresh)) {
            throw fail("wrote no cache", log);
        }
        Files.move(fresh, cache, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
        Files.writeString(stamp, all);
        System.out.printf(
                "%s: AOT cache of %.1f MiB trained in %.1f s%n",
                program.name(), Files.size(cache) / 1048576.0, (System.nanoTime() - start) / 1e9);
    }

    /** Runs the program's training with one more JVM flag; answers the file that holds its output. */
    Path run(String flag) throws IOException, InterruptedException {
        Path log = work.resolve(program.name() + ".log");
        List<String> command = new ArrayList<>();
        command.add(tree.resolve("lib/runtime/bin/java").toString());
        command.add(flag);
        command.addAll(program.flags());
        command.addAll(Launcher.common(tree.toString()));
        command.addAll(program.start(program.trainer(), tree, tree.toString()));
        command.addAll(program.training());
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectErrorStream(true).redirectOutput(log.toFile());
        builder.directory(work.toFile());
        builder.redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
        Map<String, String> environment = builder.environment();
        List.of("JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS", "JDK_AOT_VM_OPTIONS", "CLASSPATH")
                .forEach(environment::remove);
        // of the unit that builds, to which a life that trains has nothing to say
        List.of(
                        "NOTIFY_SOCKET",
                        "WATCHDOG_USEC",
                        "WATCHDOG_PID",
                        "LISTEN_PID",
                        "LISTEN_FDS",
                        "LISTEN_FDNAMES",
                        "JOURNAL_STREAM")
                .forEach(environment::remove);
        environment.put("RINGFENCE_ANY_KVM", "1");
        environment.put("RINGFENCE_JOURNAL", work.resolve("rings").toString());
        Process process = builder.start();
        if (!process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)) {
            process.destroyForcibly();
            throw fail("did not end within " + LIMIT_SECONDS + " s", log);
        }
        if (process.exitValue() != 0) {
            throw fail("ended with " + process.exitValue(), log);
        }
        return log;
    }

    private IllegalStateException fail(String what, Path log) throws IOException {
        return new IllegalStateException(
                "training run of " + program.name() + " " + what + ":\n" + Files.readString(log));
    }
}
