package ringfence.sandbox;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import ringfence.linux.FileRight;

class SystemLibrariesTest {
    private static final PathRule CACHE = PathRule.of("/etc/ld.so.cache", FileRight.READ_FILE);

    @Test
    void theDirectoriesOfWhatIsMappedAreReadAndTheLoaderIsRun() {
        assertThat(SystemLibraries.rules(List.of(
                        "7f0000000000-7f0000001000 rw-p 00000000 00:00 0",
                        "7f0000001000-7f0000002000 r--p 00000000 08:01 7   /opt/runtime/lib/modules",
                        "7f0000002000-7f0000003000 r-xp 00000000 08:01 8  " + " /usr/lib/x86_64-linux-gnu/libc.so.6",
                        "7f0000003000-7f0000004000 r-xp 00000000 08:01 9  " + " /usr/lib/x86_64-linux-gnu/libm.so.6",
                        "7f0000004000-7f0000005000 r-xp 00000000 08:01 10 "
                                + " /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2")))
                .containsExactly(
                        PathRule.of("/usr/lib/x86_64-linux-gnu", FileRight.READ_FILE),
                        PathRule.of("/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", FileRight.EXECUTE),
                        CACHE);
    }

    /** Where /lib64 is no link to elsewhere; of a library in it, or in /opt, the directory would be all that lies there. */
    @Test
    void aLoaderInATopDirectoryIsRunAndTheDirectoryIsNotOpened() {
        assertThat(SystemLibraries.rules(
                        List.of("7f0000004000-7f0000005000 r-xp 00000000 08:01 10 /lib64/ld-linux-x86-64.so.2")))
                .containsExactly(
                        PathRule.of("/lib64/ld-linux-x86-64.so.2", FileRight.READ_FILE),
                        PathRule.of("/lib64/ld-linux-x86-64.so.2", FileRight.EXECUTE),
                        CACHE);
    }
}
