package ringfence.memory;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class OrderedStoresTest {
    @TempDir
    private Path directory;

    /** Whether HotSpot has compiled it or not. */
    @ParameterizedTest
    @ValueSource(strings = {"-Xint", "-Xcomp"})
    void whereMemoryHasGoneTheCallerIsToldAndTheProcessLives(String mode) throws Exception {
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        mode,
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        StoresBehindTheEnd.class.getName(),
                        directory.resolve("file").toString())
                .redirectErrorStream(true)
                .start();
        assertThat(new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
                .isEqualTo("two bytes, released: told\ntwo bytes, opaque: told\na byte, released: told\n");
        assertThat(process.waitFor()).isZero();
    }

    @Test
    void twoBytesAreLittleEndian() {
        MemorySegment memory = Arena.ofAuto().allocate(8, 8);
        OrderedStores.release(memory, 2, (short) 0x1234);
        OrderedStores.opaque(memory, 4, (short) 0x5678);
        OrderedStores.release(memory, 7, (byte) 0x9A);
        assertThat(memory.toArray(ValueLayout.JAVA_BYTE)).containsExactly(0, 0, 0x34, 0x12, 0x78, 0x56, 0, 0x9A);
    }
}
