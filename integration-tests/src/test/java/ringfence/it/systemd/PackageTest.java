package ringfence.it.systemd;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is in the package. */
@Timeout(300)
class PackageTest {
    @TempDir
    static Path folder;

    private static Path deb;
    private static Path content;

    @BeforeAll
    static void unpacked() throws Exception {
        deb = Files.copy(Package.make(), folder.resolve("first.deb"));
        content = folder.resolve("content");
        run("dpkg-deb", "-x", deb.toString(), content.toString());
    }

    @Test
    void theSameTreeGivesTheSameBytes() throws Exception {
        assertThat(Files.mismatch(deb, Package.make())).isEqualTo(-1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"ringfence", "vhost-user-blk", "vhost-user-fs", "vhost-user-net"})
    void whatIsInstalledUsesItsCache(String program) throws Exception {
        Path trace = folder.resolve(program + ".trace");
        String said = run(
                "strace",
                "-f",
                "-qq",
                "-e",
                "trace=openat",
                "-o",
                trace.toString(),
                content.resolve("usr/bin").resolve(program).toString(),
                "--version");
        assertThat(said).startsWith(program + " ");
        // a cache that is refused makes the JVM open its default archive
        assertThat(Files.readString(trace))
                .contains("/lib/cache/" + program + ".aot")
                .doesNotContain("classes.jsa");
    }

    /** Cloud Hypervisor's own package may be installed beside this one, and whatever else a host has. */
    @Test
    void noNameInCommonFoldersIsSomebodyElses() throws IOException {
        assertThat(names("usr/bin"))
                .containsExactly("ringfence", "ringfence-journal", "vhost-user-blk", "vhost-user-fs", "vhost-user-net");
        assertThat(names("usr/lib/ringfence/bin")).contains("ch-remote", "cloud-hypervisor");
        assertThat(names("usr/share/man/man1"))
                .allMatch(name -> name.matches("ringfence(-run|-ctl|-events|-ps|-top|-metrics|-doctor)?\\.1\\.gz"));
        assertThat(names("usr/share/bash-completion/completions")).isEqualTo(names("usr/bin"));
    }

    @Test
    void backEndsAreFoundWhereTheyAreInstalled() throws IOException {
        for (String name : names("usr/share/qemu/vhost-user")) {
            assertThat(content.resolve("usr/share/qemu/vhost-user").resolve(name))
                    .content()
                    .containsPattern("\"binary\": \"/usr/lib/ringfence/bin/vhost-user-(blk|fs|net)\"");
        }
        assertThat(names("usr/share/qemu/vhost-user")).hasSize(3);
    }

    private static List<String> names(String path) throws IOException {
        try (Stream<Path> files = Files.list(content.resolve(path))) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    private static String run(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(new ArrayList<>(List.of(command)))
                .redirectErrorStream(true)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isZero();
        return said;
    }
}
