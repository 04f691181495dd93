package ringfence.it.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.it.lab.Checkout;

/** The tabulator completes what is typed, in real shells. */
@Timeout(120)
class CompletionTest {
    private static final Path SHARE = Checkout.find().product().resolve("share");

    @TempDir
    static Path folder;

    private static TypingShell bash;
    private static TypingShell zsh;

    @BeforeAll
    static void shells() throws IOException {
        bash = TypingShell.bash(SHARE);
        zsh = TypingShell.zsh(SHARE);
        Files.createFile(folder.resolve("only.img"));
    }

    @AfterAll
    static void theyEnd() {
        bash.close();
        zsh.close();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        ringfence        | r                                    | run
        ringfence        | run --ker                            | run --kernel
        ringfence        | run --kernel FOLDER/on               | run --kernel FOLDER/only.img
        ringfence        | run --disk pa                        | run --disk path=
        ringfence        | run --disk path=FOLDER/on            | run --disk path=FOLDER/only.img
        ringfence        | run --disk path=/x,reado             | run --disk path=/x,readonly=
        ringfence        | run --disk path=/x,readonly=of       | run --disk path=/x,readonly=off
        ringfence        | run --disk path=/x path=/y,reado     | run --disk path=/x path=/y,readonly=
        ringfence        | run --disk=path=/x,reado             | run --disk=path=/x,readonly=
        ringfence        | run --pvpanic --log-fi               | run --pvpanic --log-file
        ringfence        | ctl remo                             | ctl remove-device
        ringfence        | ctl --api-socket /x add-f            | ctl --api-socket /x add-fs
        ringfence        | ctl add-disk path=/x,reado           | ctl add-disk path=/x,readonly=
        ringfence        | met                                  | metrics
        ringfence        | doctor --js                          | doctor --json
        ringfence        | top --sort op                        | top --sort operations
        ringfence        | events --dev                         | events --device
        ch-remote        | power                                | power-button
        cloud-hypervisor | --serial mode=of                     | --serial mode=off
        vhost-user-blk   | --io-engine=ur                       | --io-engine=uring
        vhost-user-blk   | --device path=/x,io_engine=pl        | --device path=/x,io_engine=plain
        vhost-user-net   | --limits=FOLDER/on                   | --limits=FOLDER/only.img
        vhost-user-fs    | --cache ne                           | --cache never
        """)
    void aWordIsCompleted(String program, String typed, String wanted) throws IOException {
        List<String> words = List.of(here(wanted).split(" ", -1));
        assertThat(bash.completed(program, here(typed), "")).as("bash").isEqualTo(words);
        assertThat(zsh.completed(program, here(typed), "")).as("zsh").isEqualTo(words);
    }

    /** A word that is whole is followed by a blank, a key by its value. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        run --ker            | X      | run --kernel X
        run --disk path=/x,d | on     | run --disk path=/x,direct=on
        """)
    void whatIsTypedNextFollowsIt(String typed, String rest, String wanted) throws IOException {
        List<String> words = List.of(wanted.split(" ", -1));
        assertThat(bash.completed("ringfence", typed, rest)).as("bash").isEqualTo(words);
        assertThat(zsh.completed("ringfence", typed, rest)).as("zsh").isEqualTo(words);
    }

    private static String here(String text) {
        return text.replace("FOLDER", folder.toString());
    }
}
