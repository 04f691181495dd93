package ringfence.it.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A benchmark that cannot give a row says so before it begins. */
class BenchOptionsTest {
    private static BenchOptions parse(String... arguments) {
        return BenchOptions.parse(List.of(arguments), Path.of("tree"));
    }

    @Test
    void whatIsNotGivenIsAsTheHelpSays() {
        BenchOptions options = parse();
        assertThat(options.rounds()).isEqualTo(4);
        assertThat(options.queues()).containsExactly(1, 2);
        assertThat(options.depths()).containsExactly(1, 32, 128);
        assertThat(options.polling()).containsExactly(true, false);
        assertThat(options.memory()).isEqualTo(Path.of("/dev/shm"));
        assertThat(options.disk()).isEqualTo(Path.of("/var/tmp"));
    }

    @Test
    void oneMediumIsMeasuredAlone() {
        assertThat(parse("--only=tmpfs").disk()).isNull();
        assertThat(parse("--only=disk").memory()).isNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--rounds=0 | --rounds=0: give numbers from 1 to 1000",
                "--millis=0 | --millis=0: give numbers from 10 to 600000",
                "--size=8 | --size=8: give numbers from 16 to 1048576",
                "--queues=1, | --queues=: give numbers from 1 to 16",
                "--depths=32,512 | --depths=512: give numbers from 1 to 170",
                "--only=memory | --only=memory: give one of tmpfs, disk",
                "--notify=poll | --notify=poll: give polling, eventfd or both"
            })
    void whatCannotBeMeasuredIsRefusedInOneLine(String argument, String line) {
        assertThatThrownBy(() -> parse(argument))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage(line);
    }

    /** A queue of 512 has room for 170 requests. */
    @Test
    void moreQueuesTakeMoreRequests() {
        assertThat(parse("--queues=4", "--depths=512").depths()).containsExactly(512);
    }
}
