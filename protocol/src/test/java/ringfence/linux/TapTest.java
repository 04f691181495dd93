package ringfence.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Taps of this kernel. Needs /dev/net/tun and the right to make interfaces; without them there is nothing to test. */
class TapTest {
    private static final int HEADER = 12;

    private final Linux linux = Linux.system();
    private final Interfaces interfaces = new Interfaces(linux);

    @BeforeEach
    void tapsCanBeMade() {
        try (Tap tap = Tap.open(linux, "", false)) {
            assertThat(tap.fd().isOpen()).isTrue();
        } catch (ErrnoException e) {
            assumeThat(e.errno()).as(e.getMessage()).isNotIn(Errno.ENOENT, Errno.EPERM, Errno.EACCES);
            throw e;
        }
    }

    @Test
    void theKernelChoosesAName() {
        try (Tap tap = Tap.open(linux, "", false)) {
            assertThat(tap.name()).matches("tap\\d+");
            assertThat(Path.of("/sys/class/net", tap.name())).exists();
            assertThat(tap.features() & TapLayout.IFF_VNET_HDR).isNotZero();
            tap.headerSize(HEADER);
            assertThat(tap.headerSize()).isEqualTo(HEADER);
        }
    }

    @Test
    void aQueueOfAnotherOpenerIsAdopted() {
        try (Tap tap = Tap.open(linux, "", true);
                Tap same = Tap.adopt(linux, tap.fd().duplicate())) {
            assertThat(same.name()).isEqualTo(tap.name());
            assertThat(same.multiQueue()).isTrue();
        }
        Fd file = linux.files().open("/dev/null", OpenFlag.RDWR);
        assertThatThrownBy(() -> Tap.adopt(linux, file)).hasMessageContaining("no queue of a tap");
        assertThat(file.isOpen()).as("a refused descriptor is closed").isFalse();
    }

    @Test
    void mtuAndUpAndDown() {
        try (Tap tap = Tap.open(linux, "", false)) {
            interfaces.mtu(tap.name(), 9000);
            assertThat(interfaces.mtu(tap.name())).isEqualTo(9000);
            assertThat(interfaces.isUp(tap.name())).isFalse();
            interfaces.up(tap.name(), true);
            assertThat(interfaces.isUp(tap.name())).isTrue();
            interfaces.up(tap.name(), false);
            assertThat(interfaces.isUp(tap.name())).isFalse();
        }
        assertThatThrownBy(() -> interfaces.mtu("no-such-one")).hasMessageContaining("ENODEV");
        assertThatThrownBy(() -> interfaces.mtu("a-name-of-17-byte")).hasMessageContaining("choose a shorter one");
    }

    @Test
    void theHostsSideHasAddresses() throws Exception {
        try (Tap tap = Tap.open(linux, "", false)) {
            interfaces.hardwareAddress(tap.name(), new byte[] {2, 0, 0, 0, 0, 0x77});
            interfaces.up(tap.name(), true);
            interfaces.address(
                    tap.name(), InetAddress.ofLiteral("198.51.100.77").getAddress(), 28);
            interfaces.address(tap.name(), InetAddress.ofLiteral("fd00:77::1").getAddress(), 64);
            NetworkInterface seen = NetworkInterface.getByName(tap.name());
            assertThat(seen.getHardwareAddress()).isEqualTo(new byte[] {2, 0, 0, 0, 0, 0x77});
            assertThat(seen.getInterfaceAddresses().stream()
                            .map(address ->
                                    address.getAddress().getHostAddress().replaceAll("%.*", "") + "/"
                                            + address.getNetworkPrefixLength()))
                    .contains("198.51.100.77/28", "fd00:77:0:0:0:0:0:1/64");
            assertThatThrownBy(() -> interfaces.hardwareAddress(tap.name(), new byte[] {1, 0, 0, 0, 0, 0x77}))
                    .hasMessageContaining("EADDRNOTAVAIL");
        }
    }

    @Test
    void offloadsOfTheSpecificationAreKnown() {
        try (Tap tap = Tap.open(linux, "", false)) {
            assertThat(tap.tryOffload(
                            EnumSet.of(TapOffload.CSUM, TapOffload.TSO4, TapOffload.TSO6, TapOffload.TSO_ECN)))
                    .isTrue();
            assertThat(tap.tryOffload(Set.of())).isTrue();
            assertThat(tap.tryOffload(EnumSet.of(TapOffload.CSUM, TapOffload.USO4)))
                    .as("one USO without the other")
                    .isFalse();
        }
    }

    @Test
    void aDetachedQueueIsSteeredNothingAndStillSends() {
        try (Tap tap = Tap.open(linux, "", true);
                Tap second = Tap.open(linux, tap.name(), true);
                Arena arena = Arena.ofConfined()) {
            interfaces.up(tap.name(), true);
            IoVec frame = frame(arena);
            assertThat(second.attach(false)).isTrue();
            assertThat(second.attach(false)).as("detached").isFalse();
            assertThat(second.trySend(frame)).isEqualTo(frame.bytes());
            assertThat(second.tryReceive(frame)).isNegative();
            try (Tap successor = Tap.adopt(linux, second.fd().duplicate())) {
                assertThat(successor.attach(true)).as("adopted as it was").isTrue();
                assertThat(second.attach(true)).as("the same queue").isFalse();
            }
        }
    }

    @Test
    void withoutAFrameItDoesNotBlock() {
        try (Tap tap = Tap.open(linux, "", false);
                Arena arena = Arena.ofConfined()) {
            assertThat(tap.tryReceive(frame(arena))).isEqualTo(-Errno.EAGAIN.number());
        }
    }

    /** A header of 10 bytes, the default, and a frame of an experimental type. */
    private static IoVec frame(Arena arena) {
        MemorySegment bytes = arena.allocate(70);
        bytes.set(ValueLayout.JAVA_BYTE, 22, (byte) 0x88);
        bytes.set(ValueLayout.JAVA_BYTE, 23, (byte) 0xb5);
        IoVec vector = new IoVec(1);
        vector.add(bytes, 0, 70);
        return vector;
    }
}
