package ringfence.fs.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.process.Options;

class LockFlagsTest {
    private static LockFlags parse(String line) {
        Options options = new Options("locks", "", () -> 0);
        LockFlags flags = new LockFlags(options);
        options.commandLine().parseArgs(line.isEmpty() ? new String[0] : line.split(" "));
        flags.check();
        return flags;
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'' | false | false",
                "--posix-lock | true | false",
                "--flock | false | true",
                "-o posix_lock,flock | true | true",
                "-o posix_lock -o flock | true | true",
                "-o flock,no_posix_lock | false | true",
                "-o posix_lock,no_posix_lock | false | false",
                "-o no_flock -o flock | false | true",
                "--flock -o no_flock | false | false"
            })
    void theLastWordCounts(String line, boolean posixLock, boolean flock) {
        assertThat(parse(line).posixLock()).isEqualTo(posixLock);
        assertThat(parse(line).flock()).isEqualTo(flock);
    }

    @Test
    void anotherWordIsNotKnown() {
        assertThatThrownBy(() -> parse("-o writeback"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("-o writeback is not known, give posix_lock");
    }
}
