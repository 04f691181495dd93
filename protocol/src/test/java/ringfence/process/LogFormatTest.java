package ringfence.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LogFormatTest {
    /** 2026-11-25T05:01:36.123Z. */
    private static final long WHEN = 1_795_582_896_123L;

    private static final LogRecord ENTRY =
            new LogRecord(WHEN, LogLevel.WARN, "link", "disk0", "lost\nits back-end", new IllegalStateException("x"));

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        {msg}                      | lost its back-end: java.lang.IllegalStateException: x
        [{level}] {thread}> {msg}  | [WARN] link> lost its back-end: java.lang.IllegalStateException: x
        {glog} {location}] {msg}   | W1125 05:01:36.123000 disk0] lost its back-end: java.lang.IllegalStateException: x
        {boottime}s {msg}          | 1.500s lost its back-end: java.lang.IllegalStateException: x
        {wallclock} {msg} end      | 2026-11-25T05:01:36.123Z lost its back-end: java.lang.IllegalStateException: x end
        """)
    void wordsStandForWhatBelongsToARecord(String template, String line) {
        assertThat(LogFormat.of(template).line(ENTRY, WHEN - 1500)).isEqualTo(line);
    }

    @Test
    void withoutAFormatItIsOurs() {
        assertThat(LogFormat.of("{wallclock} {level} {location}: {msg}").line(ENTRY, 0))
                .isEqualTo(ENTRY.line());
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
        {msg} {user}  | --log-format '{user}' stands for nothing: known are {boottime}, {wallclock}, {glog}
        {msg          | --log-format '{msg' stands for nothing
        {level}       | --log-format lacks {msg}
        """)
    void mistakesAreNamed(String template, String line) {
        assertThatThrownBy(() -> LogFormat.of(template))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith(line);
    }
}
