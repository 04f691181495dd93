package ringfence.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.BufferedReader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Memory;
import ringfence.linux.Seal;

class GuestRamTest {
    private static final long MIB = 1 << 20;

    private final Linux linux = Linux.system();

    @Test
    void eachRangeIsAMemfdThatNobodyCanShortenOrUnseal() {
        try (GuestRam ram = ram(RamOptions.DEFAULT, 4 * MIB)) {
            Fd fd = ram.table().regions().getFirst().fd();
            int seals = linux.memory().seals(fd).orElseThrow();
            assertThat(List.of(Seal.SHRINK, Seal.GROW, Seal.SEAL)).allMatch(seal -> Memory.has(seals, seal));
            assertThatThrownBy(() -> linux.files().truncate(fd, 0))
                    .isInstanceOfSatisfying(
                            ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EPERM));
        }
    }

    @Test
    void rangesLieAtTheirGuestAddresses() {
        try (GuestRam ram = new GuestRam(
                linux,
                List.of(new GuestRam.Range(0, MIB), new GuestRam.Range(1L << 32, 2 * MIB)),
                RamOptions.DEFAULT)) {
            ram.table().write(1L << 32, new byte[] {42});
            byte[] read = new byte[1];
            ram.table().read(1L << 32, read);
            assertThat(read).containsExactly(42);
            assertThat(ram.table().find(MIB, 1)).isNegative();
        }
    }

    @Test
    void prefaultMakesEveryPagePresent() {
        try (GuestRam ram = ram(new RamOptions(0, true, false, true), 70 * MIB)) {
            int seekHole = 4;
            assertThat(linux.files().trySeek(ram.table().regions().getFirst().fd(), 0, seekHole))
                    .isEqualTo(70 * MIB);
        }
    }

    /** In every process that has it mapped, such as a daemon; whole pages only. */
    @Test
    void whatIsGivenBackTakesNoMemoryAndReadsZero() throws Exception {
        try (GuestRam ram = ram(new RamOptions(0, true, false, false), 4 * MIB)) {
            Region region = ram.table().regions().getFirst();
            try (Mapping other = linux.memory().map(region.fd(), 0, 4 * MIB)) {
                region.segment().fill((byte) 7);
                assertThat(blocks(region.fd())).isEqualTo(4 * MIB / 512);
                assertThat(ram.giveBack(MIB - 1, MIB + 4097)).isEqualTo(MIB + 4096);
                assertThat(blocks(region.fd())).isEqualTo((3 * MIB - 4096) / 512);
                for (MemorySegment seen : List.of(region.segment(), other.segment())) {
                    assertThat(seen.get(ValueLayout.JAVA_BYTE, MIB - 1)).isEqualTo((byte) 7);
                    assertThat(seen.get(ValueLayout.JAVA_BYTE, MIB)).isZero();
                    assertThat(seen.get(ValueLayout.JAVA_BYTE, 2 * MIB + 4095)).isZero();
                    assertThat(seen.get(ValueLayout.JAVA_BYTE, 2 * MIB + 4096)).isEqualTo((byte) 7);
                }
                region.segment().set(ValueLayout.JAVA_BYTE, MIB, (byte) 1);
                assertThat(other.segment().get(ValueLayout.JAVA_BYTE, MIB)).isEqualTo((byte) 1);
                assertThat(blocks(region.fd()))
                        .as("two pages were touched again")
                        .isEqualTo((3 * MIB + 4096) / 512);
            }
        }
    }

    /** /proc shows the file of a descriptor to anybody's stat. */
    private static long blocks(Fd fd) throws Exception {
        Process stat = new ProcessBuilder(
                        "stat",
                        "-L",
                        "-c",
                        "%b",
                        "/proc/" + ProcessHandle.current().pid() + "/fd/" + fd.number())
                .start();
        try (BufferedReader out = stat.inputReader()) {
            return Long.parseLong(out.readLine());
        }
    }

    @ParameterizedTest
    @CsvSource({"-1,4096", "0,-1", "0,4194305", "4194304,4096", "9223372036854775807,1", "100,4000", "4095,4096"})
    void nothingElseIsGivenBack(long gpa, long length) {
        try (GuestRam ram = ram(new RamOptions(0, true, false, false), 4 * MIB)) {
            assertThat(ram.giveBack(gpa, length)).isZero();
        }
    }

    @Test
    void hugePagesThatTheHostLacksAreAnErrorThatNamesTheCall() {
        assertThatThrownBy(() -> ram(new RamOptions(1L << 30, true, false, false), 1L << 40))
                .isInstanceOf(ErrnoException.class);
    }

    /** Without prefault, too: the pages are reserved when they are mapped, so that no guest meets the lack of them. */
    @Test
    void hugePagesThatTheHostLacksAreAnErrorBeforeTheyAreTouched() {
        assertThatThrownBy(() -> ram(new RamOptions(2 * MIB, false, false, false), 1L << 40))
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOMEM));
    }

    private GuestRam ram(RamOptions options, long size) {
        return new GuestRam(linux, List.of(new GuestRam.Range(0, size)), options);
    }
}
