package ringfence.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
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
