package ringfence.it.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.it.lab.Checkout;

/** Each program has a manual page, which says all that its help says. */
class ManualTest {
    private static final Path TREE = Checkout.find().product();
    private static final Path MAN = TREE.resolve("share/man");
    private static final Pattern WORD = Pattern.compile("--[a-z][a-z0-9-]+|\\b[a-z_]{2,}=");

    @Test
    void eachProgramHasOneAndNoneIsOfSomethingElse() throws IOException {
        Set<String> wanted = new TreeSet<>(Set.of(
                "ringfence-run",
                "ringfence-ctl",
                "ringfence-events",
                "ringfence-ps",
                "ringfence-top",
                "ringfence-metrics",
                "ringfence-doctor"));
        try (Stream<Path> programs = Files.list(TREE.resolve("bin"))) {
            programs.forEach(program -> wanted.add(program.getFileName().toString()));
        }
        List<String> names = pages().stream()
                .map(page -> page.getFileName().toString().replaceFirst("\\.[18]$", ""))
                .toList();
        assertThat(names).containsExactlyInAnyOrderElementsOf(wanted);
    }

    @Test
    void theyAreSound() throws Exception {
        for (Path page : pages()) {
            assertThat(output("mandoc", "-T", "lint", "-W", "warning", page.toString()))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "ringfence.1, ringfence --help",
        "ringfence-run.1, ringfence run --help",
        "ringfence-ctl.1, ringfence ctl --help",
        "ringfence-ctl.1, ringfence ctl add-net --help",
        "ringfence-ps.1, ringfence ps --help",
        "ringfence-top.1, ringfence top --help",
        "ringfence-doctor.1, ringfence doctor --help",
        "cloud-hypervisor.1, cloud-hypervisor --help",
        "ch-remote.1, ch-remote --help",
        "ch-remote.1, ch-remote add-vdpa --help",
        "ringfence-journal.8, ringfence-journal --help",
        "ringfence-events.1, ringfence events --help",
        "vhost-user-blk.8, vhost-user-blk --help",
        "vhost-user-net.8, vhost-user-net --help",
        "vhost-user-fs.8, vhost-user-fs --help"
    })
    void eachOptionAndKeyOfTheHelpIsThere(String page, String help) throws Exception {
        List<String> command = new ArrayList<>(List.of(help.split(" ", -1)));
        command.set(0, TREE.resolve("bin").resolve(command.getFirst()).toString());
        Set<String> said = words(output(command.toArray(String[]::new)));
        assertThat(said).hasSizeGreaterThan(1);
        String text = output(
                "mandoc",
                "-T",
                "ascii",
                "-O",
                "width=1000",
                MAN.resolve("man" + page.charAt(page.length() - 1) + "/" + page).toString());
        assertThat(words(text.replaceAll(".\b", ""))).containsAll(said);
    }

    private static Set<String> words(String text) {
        Set<String> words = new TreeSet<>();
        Matcher word = WORD.matcher(text);
        while (word.find()) {
            words.add(word.group());
        }
        return words;
    }

    private static List<Path> pages() throws IOException {
        try (Stream<Path> files = Files.walk(MAN)) {
            return files.filter(Files::isRegularFile).sorted().toList();
        }
    }

    private static String output(String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.waitFor();
        return output;
    }
}
