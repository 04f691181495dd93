package ringfence.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Stat;

class SystemdJournalTest {
    private final Linux linux = Linux.system();
    private final ByteArrayOutputStream errors = new ByteArrayOutputStream();
    private final MemorySegment bytes = Arena.ofAuto().allocate(4096);

    @TempDir
    Path directory;

    private String address;
    private Fd stream;
    private Fd journald;

    @BeforeEach
    void listen() {
        address = directory.resolve("socket").toString();
        stream = linux.memory().memfd("standard-error", 4096);
        journald = linux.datagrams().bind(address);
    }

    @AfterEach
    void close() {
        stream.close();
        journald.close();
    }

    private Map<String, String> environment() {
        Stat stat = linux.files().stat(stream);
        return Map.of("JOURNAL_STREAM", stat.device() + ":" + stat.inode());
    }

    private Optional<SystemdJournal> journal(Map<String, String> environment, String at) {
        PrintStream lines = new PrintStream(errors, false, StandardCharsets.UTF_8);
        return SystemdJournal.of(linux, environment, stream, at, lines, "ringfence");
    }

    private SystemdJournal journal() {
        return journal(environment(), address).orElseThrow();
    }

    private static LogRecord entry(LogLevel level, String source, String text) {
        return new LogRecord(0, level, "main", source, text, null);
    }

    /** What has come, byte by byte. */
    private String received() {
        long length = linux.datagrams().tryReceive(journald, bytes).bytes();
        assertThat(length).isGreaterThan(0);
        return new String(bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    private void nothingIsReceived() {
        assertThat(linux.datagrams().tryReceive(journald, bytes).bytes()).isEqualTo(-Errno.EAGAIN.number());
    }

    @Test
    void aRecordIsADatagramOfFields() {
        LogRecord entry = entry(LogLevel.WARN, "device", "_disk0: back-end lost: it has ended");
        journal().write(entry, entry.message());
        assertThat(received()).isEqualTo("""
            MESSAGE=_disk0: back-end lost: it has ended
            PRIORITY=4
            SYSLOG_IDENTIFIER=ringfence
            RINGFENCE_COMPONENT=device
            RINGFENCE_DEVICE=_disk0
            """);
        assertThat(errors.size()).isZero();
    }

    @ParameterizedTest
    @CsvSource({"ERROR, 3", "WARN, 4", "INFO, 6", "DEBUG, 7", "TRACE, 7"})
    void aLevelIsAPriority(LogLevel level, String priority) {
        journal().write(level, "text");
        assertThat(received()).isEqualTo("MESSAGE=text\nPRIORITY=" + priority + "\nSYSLOG_IDENTIFIER=ringfence\n");
    }

    @Test
    void onlyWhoSpeaksOfDevicesNamesOne() {
        journal().write(entry(LogLevel.INFO, "api", "vm.boot: refused"), "vm.boot: refused");
        assertThat(received()).contains("RINGFENCE_COMPONENT=api\n").doesNotContain("RINGFENCE_DEVICE");
        journal().write(entry(LogLevel.INFO, "machine", "the VMM ends: a signal"), "the VMM ends: a signal");
        assertThat(received()).doesNotContain("RINGFENCE_DEVICE");
    }

    @Test
    void aDaemonsRecordsAreOfItsDevice() {
        Map<String, String> environment = new HashMap<>(environment());
        environment.put("RINGFENCE_DEVICE", "_net1");
        journal(environment, address).orElseThrow().write(LogLevel.WARN, "text");
        assertThat(received()).endsWith("\nRINGFENCE_DEVICE=_net1\n");
    }

    @Test
    void aTextOfSeveralLinesHasItsLengthInFront() {
        journal().write(LogLevel.INFO, "ä\nb");
        assertThat(received()).isEqualTo("MESSAGE\n\4\0\0\0\0\0\0\0ä\nb\nPRIORITY=6\nSYSLOG_IDENTIFIER=ringfence\n");
    }

    @Test
    void whereNobodyListensItIsLinesWithThePriorityInFront() {
        journal(environment(), directory + "/none").orElseThrow().write(LogLevel.ERROR, "one\ntwo");
        LogRecord entry = entry(LogLevel.WARN, "api", "three");
        journal(environment(), directory + "/none").orElseThrow().write(entry, "three");
        assertThat(errors).hasToString("<3>ringfence: one\n<3>two\n<4>api: three\n");
        nothingIsReceived();
    }

    @Test
    void soIsWhatAProgramEndsWith() {
        journal().writeLast(LogLevel.ERROR, "image /none: No such file");
        journal().writeLast(entry(LogLevel.WARN, "api", "refused"), "refused");
        assertThat(errors).hasToString("<3>ringfence: image /none: No such file\n<4>api: refused\n");
        nothingIsReceived();
    }

    @Test
    void soIsWhatIsLargerThanADatagram() {
        String text = "x".repeat(8 << 20);
        journal().write(LogLevel.WARN, text);
        assertThat(errors.toString(StandardCharsets.UTF_8).equals("<4>ringfence: " + text + "\n"))
                .isTrue();
        nothingIsReceived();
    }

    @Test
    void andWhatDoesNotFitIntoAFullSocket() {
        SystemdJournal journal = journal();
        for (int i = 0; i < 10_000 && errors.size() == 0; i++) {
            journal.write(LogLevel.WARN, "again"); // nobody takes it out
        }
        assertThat(errors).hasToString("<4>ringfence: again\n");
    }

    @Test
    void standardErrorThatGoesElsewhereIsNoJournal() {
        Stat stat = linux.files().stat(stream);
        assertThat(journal(Map.of(), address)).isEmpty();
        assertThat(journal(Map.of("JOURNAL_STREAM", stat.device() + ":" + (stat.inode() + 1)), address))
                .isEmpty();
        assertThat(journal(Map.of("JOURNAL_STREAM", ""), address)).isEmpty();
    }
}
