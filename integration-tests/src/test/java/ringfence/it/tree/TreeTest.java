package ringfence.it.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.it.lab.Checkout;

/** The tree may be copied, its caches may be stale, cut or gone: a start then takes longer and does the same. */
class TreeTest {
    private static final Path BUILT = Checkout.find().product();
    private static final long LIMIT_SECONDS = 60;

    /** A copy, at another place than where the caches were trained. */
    @TempDir(cleanup = CleanupMode.ALWAYS)
    static Path folder;

    private static Path tree;

    @BeforeAll
    static void copyTheTree() throws Exception {
        tree = folder.resolve("somewhere else");
        Process copy = new ProcessBuilder("cp", "-a", BUILT.toString(), tree.toString())
                .inheritIO()
                .start();
        assertThat(copy.waitFor()).isZero();
    }

    /** Those that are processes of their own. */
    static Stream<String> programs() {
        return Stream.of(
                "ringfence",
                "cloud-hypervisor",
                "vhost-user-blk",
                "vhost-user-net",
                "vhost-user-fs",
                "ringfence-journal");
    }

    @ParameterizedTest
    @MethodSource("programs")
    void aCopyElsewhereUsesItsCache(String program) throws Exception {
        Path maps = folder.resolve(program + ".trace");
        Outcome outcome =
                run(List.of("strace", "-f", "-qq", "-e", "trace=openat", "-o", maps.toString(), launcher(program)));
        assertThat(outcome).isEqualTo(built(program));
        // a cache that is refused makes the JVM open its default archive
        assertThat(Files.readString(maps))
                .contains("/lib/cache/" + program + ".aot")
                .doesNotContain("classes.jsa");
    }

    @ParameterizedTest
    @MethodSource("programs")
    void anAgedImageChangesNothing(String program) throws Exception {
        Path modules = tree.resolve("lib/runtime/lib/modules");
        FileTime before = Files.getLastModifiedTime(modules);
        Files.setLastModifiedTime(modules, FileTime.fromMillis(before.toMillis() - 86_400_000));
        try {
            assertThat(run(List.of(launcher(program)))).isEqualTo(built(program));
        } finally {
            Files.setLastModifiedTime(modules, before);
        }
    }

    @ParameterizedTest
    @MethodSource("programs")
    void aCutCacheChangesNothing(String program) throws Exception {
        for (int left : new int[] {0, 100, 1 << 20}) {
            withCache(program, cache -> truncate(cache, left));
        }
    }

    @ParameterizedTest
    @MethodSource("programs")
    void aCacheThatIsGoneChangesNothing(String program) throws Exception {
        withCache(program, Files::delete);
    }

    @ParameterizedTest
    @MethodSource("programs")
    void aSymbolicLinkReachesTheTree(String program) throws Exception {
        Path link = Files.createSymbolicLink(
                folder.resolve("link-" + program), tree.resolve("bin").resolve(program));
        assertThat(run(List.of(link.toString()))).isEqualTo(built(program));
    }

    @ParameterizedTest
    @MethodSource("programs")
    void aStartWritesNothingToTmpAndForksNothing(String program) throws Exception {
        Path trace = folder.resolve(program + ".files");
        run(List.of(
                "strace",
                "-f",
                "-qq",
                "-e",
                "trace=openat,mkdir,mkdirat,fork,vfork,execve",
                "-o",
                trace.toString(),
                launcher(program)));
        List<String> lines = Files.readAllLines(trace);
        assertThat(lines)
                .noneMatch(
                        line -> line.contains("\"/tmp/hsperf") || line.contains("O_CREAT") && line.contains("\"/tmp/"));
        assertThat(lines).filteredOn(line -> line.contains("execve(")).hasSize(2);
        assertThat(lines).noneMatch(line -> line.contains("fork("));
    }

    /** By the JVM's own door, through which heaps are read and agents loaded. */
    @Test
    void nobodyAttaches() throws Exception {
        Path image = Files.write(folder.resolve("image"), new byte[1 << 20]);
        Path socket = folder.resolve("s");
        Process daemon = new ProcessBuilder(
                        launcher("vhost-user-blk"), "--socket-path=" + socket, "--blk-file=" + image)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            while (!Files.exists(socket)) {
                assertThat(daemon.isAlive()).isTrue();
                Thread.sleep(1);
            }
            Process jcmd = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "jcmd")
                                    .toString(),
                            "-J-Dsun.tools.attach.attachTimeout=1000",
                            Long.toString(daemon.pid()),
                            "VM.version")
                    .redirectErrorStream(true)
                    .start();
            String said = new String(jcmd.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
            assertThat(jcmd.waitFor()).as(said).isNotZero();
            assertThat(said).contains("AttachNotSupportedException");
            assertThat(daemon.isAlive()).isTrue();
        } finally {
            daemon.destroyForcibly().waitFor();
        }
    }

    private static void truncate(Path file, int left) throws IOException {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
            channel.truncate(left);
            if (left > 0) {
                channel.write(ByteBuffer.wrap(new byte[] {0}), left - 1);
            }
        }
    }

    private interface Damage {
        void to(Path cache) throws IOException;
    }

    private static void withCache(String program, Damage damage) throws Exception {
        Path cache = tree.resolve("lib/cache").resolve(program + ".aot");
        Path kept = cache.resolveSibling("kept");
        Files.move(cache, kept);
        try {
            Files.copy(kept, cache);
            damage.to(cache);
            assertThat(run(List.of(launcher(program)))).isEqualTo(built(program));
        } finally {
            Files.deleteIfExists(cache);
            Files.move(kept, cache);
        }
    }

    private static String launcher(String program) {
        return tree.resolve("bin").resolve(program).toString();
    }

    /** What the tree says where it was built. */
    private static Outcome built(String program) throws Exception {
        Outcome outcome = run(List.of(BUILT.resolve("bin").resolve(program).toString()));
        assertThat(outcome.code()).isZero();
        assertThat(outcome.stdout()).containsPattern("\\d+\\.\\d+\\.\\d+");
        return outcome;
    }

    private record Outcome(int code, String stdout) {}

    /** Asks for the version. The caller's options for JVMs, which would print on stdout, are set: no launcher minds. */
    private static Outcome run(List<String> command) throws Exception {
        ProcessBuilder builder = new ProcessBuilder(new ArrayList<>(command));
        builder.command().add("--version");
        builder.environment().put("JAVA_TOOL_OPTIONS", "-XX:+PrintFlagsFinal");
        builder.environment().put("JDK_JAVA_OPTIONS", "-version");
        builder.redirectError(ProcessBuilder.Redirect.DISCARD);
        Process process = builder.start();
        String stdout = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).isTrue();
        return new Outcome(process.exitValue(), stdout);
    }
}
