package ringfence.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Syscall;
import ringfence.option.OptionException;

class ProgramTest {
    @TempDir
    Path directory;

    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();

    private int run(Program.Body body) {
        return Program.run("prog", new PrintStream(errors, true, StandardCharsets.UTF_8), body);
    }

    private String errors() {
        return errors.toString(StandardCharsets.UTF_8);
    }

    @AfterEach
    void defaultLogs() {
        Logs.configure(LogLevel.WARN, Optional.empty());
    }

    @Test
    void badInputIsOneLineAndCode2() {
        assertThat(run(() -> {
                    throw new BadInputException(List.of("no such file", "no memory"));
                }))
                .isEqualTo(2);
        assertThat(run(() -> {
                    throw new OptionException("unknown key 'x'").within("--disk");
                }))
                .isEqualTo(2);
        assertThat(errors()).isEqualTo("prog: no such file\nprog: no memory\nprog: --disk unknown key 'x'\n");
    }

    @Test
    void aFailedCallIsOneLineAndCode1() {
        assertThat(run(() -> {
                    throw new ErrnoException(Syscall.MMAP, Errno.ENOMEM, "ram");
                }))
                .isEqualTo(1);
        assertThat(errors()).isEqualTo("prog: mmap(ram): ENOMEM (Cannot allocate memory)\n");
    }

    @Test
    void aBugShowsItsTrace() {
        assertThat(run(() -> {
                    throw new IllegalStateException("oops");
                }))
                .isEqualTo(1);
        assertThat(errors())
                .startsWith("prog: internal error: java.lang.IllegalStateException: oops\n")
                .contains("\tat " + ProgramTest.class.getName());
    }

    @Test
    void whatWaitsInTheLogIsWrittenAtTheEndByItsLevel() {
        run(() -> {
            Log log = Log.of("part");
            log.warn("careful");
            log.info("not at this level");
            log.error("broken", new IllegalStateException("why"));
            return 0;
        });
        assertThat(errors().lines().toList())
                .satisfiesExactly(
                        line -> assertThat(line).matches("20..-..-..T.*Z WARN part: careful"),
                        line -> assertThat(line).endsWith("ERROR part: broken: java.lang.IllegalStateException: why"));
    }

    @Test
    void theBufferIsBoundedAndSaysWhatItDropped() {
        run(() -> {
            for (int i = 0; i < 1500; i++) {
                Log.of("many").warn("line " + i);
            }
            return 0;
        });
        List<String> lines = errors().lines().toList();
        assertThat(lines).hasSize(1025);
        assertThat(lines.getLast()).contains("476 records dropped");
    }

    @Test
    void aLogFileIsAppendedTo() throws Exception {
        Path file = directory.resolve("log");
        Files.writeString(file, "before\n");
        run(() -> {
            Logs.configure(LogLevel.ofVerbosity(2), Optional.of(file));
            Log.of("part").debug(() -> "detail");
            return 0;
        });
        assertThat(errors()).isEmpty();
        assertThat(Files.readString(file)).startsWith("before\n").endsWith("DEBUG part: detail\n");
        assertThatThrownBy(() -> Logs.configure(LogLevel.WARN, Optional.of(directory.resolve("none/log"))))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("none/log");
    }

    @Test
    void verbosity() {
        assertThat(LogLevel.ofVerbosity(0)).isEqualTo(LogLevel.WARN);
        assertThat(LogLevel.ofVerbosity(1)).isEqualTo(LogLevel.INFO);
        assertThat(LogLevel.ofVerbosity(9)).isEqualTo(LogLevel.TRACE);
    }

    @Test
    void theVersionIsTheBuilds() throws Exception {
        String pom = Files.readString(Path.of("../pom.xml"));
        assertThat(pom).contains("<version>" + Version.NUMBER + "-SNAPSHOT</version>");
    }

    /** In a process of their own: what they do is for ever. */
    private String java(Class<?> main, String... arguments) throws Exception {
        Path output = directory.resolve("output");
        Process process = start(output, main, arguments);
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        return process.exitValue() + ": " + Files.readString(output);
    }

    private static Process start(Path output, Class<?> main, String... arguments) throws Exception {
        return start(List.of(), output, main, arguments);
    }

    private static Process start(List<String> within, Path output, Class<?> main, String... arguments)
            throws Exception {
        List<String> command = new java.util.ArrayList<>(within);
        command.addAll(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                "-XX:TieredStopAtLevel=1",
                main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output.toFile())
                .start();
    }

    @Test
    void onceOpenLog4jWritesWhatWaitedAndWhatComes() throws Exception {
        Path output = directory.resolve("output");
        logs(start(output, LogsAfterOpening.class), output);
        assertThat(Files.readString(output))
                .containsSubsequence("WARN early: waited", "WARN late: came", "log4j is loaded: true");
        Path file = directory.resolve("log");
        logs(start(output, LogsAfterOpening.class, file.toString()), file);
        assertThat(output).hasContent("log4j is loaded: true\n");
        assertThat(Files.readString(file)).containsSubsequence("WARN early: waited", "WARN late: came");
    }

    /** Lets it go on as soon as each of its two records is in the log. */
    private static void logs(Process process, Path log) throws Exception {
        for (String record : List.of("WARN early: waited", "WARN late: came")) {
            for (int i = 0;
                    i < 600 && !(Files.exists(log) && Files.readString(log).contains(record));
                    i++) {
                Thread.sleep(50);
            }
            process.getOutputStream().write('\n');
            process.getOutputStream().flush();
        }
        assertThat(process.waitFor()).isZero();
    }

    /** In a network and a host name of its own, as a confined daemon has them; only root may make them. */
    @Test
    void aHostNameThatDoesNotResolveIsNotWorthALine() throws Exception {
        List<String> within =
                List.of("unshare", "--uts", "--net", "sh", "-c", "hostname no.such.name && exec \"$@\"", "sh");
        Process may = new ProcessBuilder("unshare", "--uts", "--net", "true").start();
        assumeThat(may.waitFor()).isZero();
        Path output = directory.resolve("output");
        logs(start(within, output, LogsAfterOpening.class), output);
        assertThat(Files.readString(output)).contains("WARN late: came").doesNotContain("host name", "Exception");
    }

    @Test
    void whereTheJournalIsWhatWaitedAndWhatComesGoesThereWithoutLog4j() throws Exception {
        Linux linux = Linux.system();
        String address = directory.resolve("journal").toString();
        Path output = directory.resolve("output");
        try (Fd journald = linux.datagrams().bind(address)) {
            Process process = start(output, LogsAfterOpening.class, "journal=" + address);
            for (String fields : List.of("MESSAGE=waited\nPRIORITY=4\n", "MESSAGE=came\nPRIORITY=4\n")) {
                assertThat(nextAt(linux, journald)).startsWith(fields).contains("\nRINGFENCE_COMPONENT=");
                process.getOutputStream().write('\n');
                process.getOutputStream().flush();
            }
            assertThat(process.waitFor()).isZero();
        }
        assertThat(Files.readString(output))
                .endsWith("log4j is loaded: false\n")
                .doesNotContain("waited", "came");
    }

    private static String nextAt(Linux linux, Fd journald) throws InterruptedException {
        MemorySegment bytes = Arena.ofAuto().allocate(4096);
        for (int i = 0; i < 600; i++) {
            long length = linux.datagrams().tryReceive(journald, bytes).bytes();
            if (length > 0) {
                return new String(bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
            }
            Thread.sleep(50);
        }
        throw new AssertionError("nothing comes");
    }

    @Test
    void withNothingToSayLog4jIsNotLoaded() throws Exception {
        assertThat(java(LogsAfterOpening.class, "", "quiet")).isEqualTo("0: log4j is loaded: false\n");
    }

    @Test
    void aSignalAsksTheProgramAndTheCodeIsTheProgramsOwn() throws Exception {
        Path output = directory.resolve("signalled");
        Process process = start(output, EndsBySignal.class);
        for (int i = 0; i < 600 && !Files.readString(output).contains("ready"); i++) {
            Thread.sleep(50);
        }
        process.destroy();
        assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isEqualTo(42);
        assertThat(Files.readString(output)).isEqualTo("ready\nasked\ncleaned up\n");
    }
}
