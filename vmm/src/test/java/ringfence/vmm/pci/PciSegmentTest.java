package ringfence.vmm.pci;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.BusTable;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.bus.Deferred;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/** PCI Local Bus 3.0 as a guest's firmware and kernel use it. */
class PciSegmentTest {
    private static final long ECAM = 0xE800_0000L;
    private static final long LOW = 0xC000_0000L;
    private static final long HIGH = 0x40_0000_0000L;
    private static final long MIB_8 = 8 << 20;

    private final BusTable table = new BusTable();
    private final Queue<Runnable> posted = new ArrayDeque<>();
    private boolean ownerIsBusy;
    private final PciSegment segment = new PciSegment(
            0,
            new Aperture(LOW, 640 << 20),
            new Aperture(HIGH, 1L << 30),
            table,
            task -> {
                if (ownerIsBusy) {
                    posted.add(task);
                } else {
                    task.run();
                }
            },
            new Deadlines(5_000_000_000L, 5_000_000_000L));
    private final List<String> moves = new ArrayList<>();
    private final ReadValue value = new ReadValue();

    PciSegmentTest() {
        segment.add(OptionalInt.of(0), HostBridge.create());
        table.changeMmio(bus -> bus.with(ECAM, PciSegment.ECAM_SIZE, segment));
        table.changePio(bus -> bus.with(ConfigPorts.PORT, ConfigPorts.SIZE, new ConfigPorts(segment)));
    }

    private PciFunction function(boolean wide) {
        BusDevice device = new BusDevice() {
            @Override
            public Access read(long offset, int width, ReadValue into) {
                return into.done(0x5A);
            }

            @Override
            public Access write(long offset, int width, long written) {
                return Done.DONE;
            }
        };
        Bar.Listener listener = new Bar.Listener() {
            @Override
            public void mapped(long address) {
                moves.add("+" + Long.toHexString(address));
            }

            @Override
            public void unmapped(long address) {
                moves.add("-" + Long.toHexString(address));
            }
        };
        PciIdentity identity = new PciIdentity(0x1AF4, 0x1042, 1, 0x01_8000, 0x1AF4, 0x1042);
        return new PciFunction(
                new ConfigSpace(identity), List.of(new Bar(0, 512 << 10, wide, MIB_8, device, listener)));
    }

    private long ecam(int slot, int register, int width) {
        table.mmio().read(ECAM + (slot << 15) + register, width, value);
        return value.value();
    }

    private Access ecamWrite(int slot, int register, int width, long written) {
        return table.mmio().write(ECAM + (slot << 15) + register, width, written);
    }

    private long ports(int slot, int register, int width) {
        table.pio().write(0xCF8, 4, 0x8000_0000L | slot << 11 | register & 0xFC);
        table.pio().read(0xCFC + (register & 3), width, value);
        return value.value();
    }

    private boolean answers(long address) {
        return table.mmio().read(address, 4, value) == Done.DONE && value.value() == 0x5A;
    }

    @Test
    void showsTheHostBridgeInSlot0AndNothingElse() {
        assertThat(ecam(0, 0, 4)).isEqualTo(0x0D57_8086L);
        assertThat(ecam(0, 8, 4)).isEqualTo(0x0600_0000L);
        assertThat(ecam(0, 0xE, 1)).as("header type 0, single function").isZero();
        for (int slot = 1; slot < PciSegment.SLOTS; slot++) {
            assertThat(ecam(slot, 0, 4)).isEqualTo(0xFFFF_FFFFL);
            assertThat(ports(slot, 0, 2)).isEqualTo(0xFFFF);
        }
        assertThat(ecam(0, 1 << 12, 4)).as("function 1").isEqualTo(0xFFFF_FFFFL);
    }

    @Test
    void reachesTheSameRegistersThroughPortsAndEcam() {
        int slot = segment.add(OptionalInt.empty(), function(true));
        assertThat(slot).isEqualTo(1);
        for (int register = 0; register < 256; register++) {
            for (int width = 1; width <= 4; width *= 2) {
                assertThat(ports(slot, register, width)).isEqualTo(ecam(slot, register, width));
            }
        }
        table.pio().write(0xCF8, 4, 0x8000_0000L | slot << 11 | 0x3C);
        table.pio().write(0xCFC, 1, 0xA);
        assertThat(ecam(slot, 0x3C, 1)).isEqualTo(0xA);
    }

    /** Linux tells mechanism 1 by whether the register keeps what is written to it. */
    @Test
    void keepsTheAddressRegisterButOnlyAsADoubleWord() {
        table.pio().write(0xCF8, 4, 0x8000_0000L);
        assertThat(table.pio().read(0xCF8, 4, value)).isEqualTo(Done.DONE);
        assertThat(value.value()).isEqualTo(0x8000_0000L);
        table.pio().write(0xCFB, 1, 1);
        table.pio().write(0xCF8, 2, 0x1234);
        assertThat(table.pio().read(0xCF8, 2, value)).isEqualTo(Rejected.REJECTED);
        table.pio().read(0xCF8, 4, value);
        assertThat(value.value()).isEqualTo(0x8000_0000L);
        table.pio().write(0xCF8, 4, 0);
        assertThat(table.pio().read(0xCFC, 4, value)).as("not enabled").isEqualTo(Rejected.REJECTED);
        table.pio().write(0xCF8, 4, 0x8001_0000L);
        assertThat(table.pio().read(0xCFC, 4, value)).as("bus 1").isEqualTo(Rejected.REJECTED);
    }

    @Test
    void sizesA64BitBarAsThePciSpecificationSays() {
        int slot = segment.add(OptionalInt.of(5), function(true));
        assertThat(ecam(slot, 0x10, 4)).as("64 bits, prefetchable").isEqualTo(HIGH & 0xFFFF_FFFFL | 0xC);
        assertThat(ecam(slot, 0x14, 4)).isEqualTo(HIGH >>> 32);
        ecamWrite(slot, 0x10, 4, 0xFFFF_FFFFL);
        ecamWrite(slot, 0x14, 4, 0xFFFF_FFFFL);
        assertThat(ecam(slot, 0x10, 4)).isEqualTo(0xFFF8_000CL);
        assertThat(ecam(slot, 0x14, 4)).isEqualTo(0xFFFF_FFFFL);
        assertThat(ecam(slot, 0x18, 4)).as("no BAR").isZero();
        ecamWrite(slot, 0x18, 4, 0xFFFF_FFFFL);
        assertThat(ecam(slot, 0x18, 4)).isZero();
    }

    @Test
    void placesBarsAt8MibSoThatWindowsDoesNotMoveThem() {
        for (int i = 1; i < 5; i++) {
            int slot = segment.add(OptionalInt.empty(), function(true));
            ecamWrite(slot, 4, 2, 2);
        }
        assertThat(moves).containsExactly("+4000000000", "+4000800000", "+4001000000", "+4001800000");
        segment.remove(2);
        segment.add(OptionalInt.of(9), function(true));
        ecamWrite(9, 4, 2, 2);
        assertThat(moves).endsWith("-4000800000", "+4000800000");
    }

    @Test
    void answersOnlyWhileMemoryDecodingIsEnabled() {
        int slot = segment.add(OptionalInt.empty(), function(false));
        assertThat(answers(LOW)).isFalse();
        ecamWrite(slot, 4, 2, 2);
        assertThat(answers(LOW)).isTrue();
        assertThat(answers(LOW + (512 << 10) - 4)).isTrue();
        ecamWrite(slot, 4, 2, 0);
        assertThat(answers(LOW)).isFalse();
        ecamWrite(slot, 4, 1, 2);
        assertThat(answers(LOW)).isTrue();
        segment.remove(slot);
        assertThat(answers(LOW)).isFalse();
        assertThat(table.mmio().size()).as("only ECAM is left").isEqualTo(1);
    }

    @Test
    void movesABarOfWhichBothHalvesAreWrittenWhileItDecodes() {
        int slot = segment.add(OptionalInt.empty(), function(true));
        ecamWrite(slot, 4, 2, 2);
        ecamWrite(slot, 0x10, 4, 0xFFFF_FFFFL);
        assertThat(answers(HIGH)).isFalse();
        ecamWrite(slot, 0x14, 4, 0xFFFF_FFFFL);
        ecamWrite(slot, 0x10, 4, 0x0100_0000L);
        ecamWrite(slot, 0x14, 4, HIGH >>> 32);
        assertThat(answers(HIGH + 0x0100_0000L)).isTrue();
        assertThat(moves).containsExactly("+4000000000", "-4000000000", "+4001000000");
    }

    @Test
    void tellsWhereABarIsWhetherItAnswersOrNot() {
        PciFunction function = function(true);
        assertThat(function.place(0)).as("in no slot").isEqualTo(-1);
        int slot = segment.add(OptionalInt.empty(), function);
        assertThat(function.place(0)).as("where the machine has put it").isEqualTo(HIGH);
        assertThat(function.place(1)).as("no BAR").isEqualTo(-1);
        ecamWrite(slot, 0x10, 4, 0xFFFF_FFFFL);
        ecamWrite(slot, 0x14, 4, 0xFFFF_FFFFL);
        assertThat(function.place(0)).as("while it is sized").isEqualTo(HIGH);
        ecamWrite(slot, 0x10, 4, 0x0100_0000L);
        ecamWrite(slot, 0x14, 4, HIGH >>> 32);
        assertThat(function.place(0)).as("where the guest has put it").isEqualTo(HIGH + 0x0100_0000L);
        ecamWrite(slot, 4, 2, 2);
        assertThat(function.place(0)).as("it answers").isEqualTo(HIGH + 0x0100_0000L);
        function.reset();
        assertThat(function.place(0)).as("reset").isEqualTo(HIGH);
        segment.remove(slot);
        assertThat(function.place(0)).as("taken out").isEqualTo(-1);
    }

    @Test
    void doesNotAnswerOutsideTheAperturesOrOnTopOfAnother() {
        int first = segment.add(OptionalInt.empty(), function(true));
        int second = segment.add(OptionalInt.empty(), function(true));
        ecamWrite(first, 4, 2, 2);
        ecamWrite(second, 4, 2, 2);
        for (long hostile : new long[] {0, 0x10_0000, ECAM, 0xFEE0_0000L, HIGH + (1L << 30), -(512L << 10)}) {
            ecamWrite(second, 0x10, 4, hostile & 0xFFFF_FFFFL);
            ecamWrite(second, 0x14, 4, hostile >>> 32);
            assertThat(table.mmio().size()).as("at 0x%x", hostile).isEqualTo(2);
        }
        ecamWrite(second, 0x10, 4, HIGH & 0xFFFF_FFFFL);
        ecamWrite(second, 0x14, 4, HIGH >>> 32);
        assertThat(table.mmio().size()).as("where the first one is").isEqualTo(2);
        assertThat(answers(HIGH)).isTrue();
        ecamWrite(second, 0x10, 4, HIGH + (512 << 10) & 0xFFFF_FFFFL);
        assertThat(answers(HIGH + (512 << 10))).as("beside it").isTrue();
        assertThat(ecam(0, 0, 4)).as("ECAM is where it was").isEqualTo(0x0D57_8086L);
    }

    @Test
    void triesAgainAtARefusedPlaceOnceDecodingIsToggled() {
        int first = segment.add(OptionalInt.empty(), function(false));
        int second = segment.add(OptionalInt.empty(), function(false));
        ecamWrite(first, 4, 2, 2);
        ecamWrite(second, 0x10, 4, LOW);
        ecamWrite(second, 4, 2, 2);
        assertThat(moves).containsExactly("+c0000000");
        ecamWrite(first, 4, 2, 0);
        ecamWrite(second, 4, 2, 0);
        ecamWrite(second, 4, 2, 2);
        assertThat(moves).containsExactly("+c0000000", "-c0000000", "+c0000000");
    }

    @Test
    void makesTheVcpuWaitUntilTheOwnerHasMovedTheBar() {
        int slot = segment.add(OptionalInt.empty(), function(true));
        ownerIsBusy = true;
        Access access = ecamWrite(slot, 4, 2, 2);
        assertThat(access).isInstanceOf(Deferred.class);
        assertThat(answers(HIGH)).isFalse();
        ecamWrite(slot, 0x10, 4, 0x0080_0000L);
        posted.forEach(Runnable::run);
        assertThat(((Deferred) access).isAnswered()).isTrue();
        assertThat(moves).as("one correction for both writes").containsExactly("+4000800000");
    }

    @Test
    void refusesASlotThatIsTakenAndBarsWithoutRoom() {
        segment.add(OptionalInt.of(3), function(true));
        assertThatThrownBy(() -> segment.add(OptionalInt.of(3), function(true))).hasMessageContaining("slot 3");
        assertThatThrownBy(() -> segment.add(OptionalInt.of(32), function(true)))
                .hasMessageContaining("no slot 32");
        PciSegment small = new PciSegment(
                1, new Aperture(LOW, 0), new Aperture(HIGH, MIB_8 + 1), table, Runnable::run, new Deadlines());
        small.add(OptionalInt.empty(), function(true));
        assertThatThrownBy(() -> small.add(OptionalInt.empty(), function(true))).hasMessageContaining("no room");
        assertThat(small.isTaken(2)).isFalse();
        for (int slot = 1; slot < 32; slot++) {
            if (slot != 3) {
                segment.add(OptionalInt.empty(), function(true));
            }
        }
        assertThatThrownBy(() -> segment.add(OptionalInt.empty(), function(true)))
                .hasMessageContaining("all slots");
    }

    /** The host bridge is on the first segment, where nobody else gets its slot. */
    @Test
    void theFirstFreeSlotIs0OnlyWhereNoHostBridgeBelongs() {
        PciSegment second = new PciSegment(
                1,
                new Aperture(LOW, 640 << 20),
                new Aperture(HIGH, 1L << 30),
                new BusTable(),
                Runnable::run,
                new Deadlines(5_000_000_000L, 5_000_000_000L));
        assertThat(second.add(OptionalInt.empty(), function(true))).isZero();
        assertThat(segment.add(OptionalInt.empty(), function(true))).isEqualTo(1);
    }

    @Test
    void tellsPanicAndCrashLoaded() {
        List<String> told = new ArrayList<>();
        PanicListener listener = new PanicListener() {
            @Override
            public void panicked() {
                told.add("panicked");
            }

            @Override
            public void crashLoaded() {
                told.add("crash loaded");
            }
        };
        int slot = segment.add(OptionalInt.empty(), PvPanic.create(listener));
        assertThat(ecam(slot, 0, 4)).isEqualTo(0x0011_1B36L);
        ecamWrite(slot, 4, 2, 2);
        table.mmio().read(LOW, 1, value);
        assertThat(value.value()).as("both events are known").isEqualTo(3);
        table.mmio().write(LOW, 1, 2);
        table.mmio().write(LOW, 1, 1);
        table.mmio().write(LOW + 1, 1, 1);
        table.mmio().write(LOW, 1, 0xFC);
        assertThat(told).containsExactly("crash loaded", "panicked");
    }

    /** Any access by any way: nothing throws, read-only bits stay, and at most one range per BAR is on the bus. */
    @Test
    void survivesAHostileGuest() {
        PciFunction function = function(true);
        int slot = segment.add(OptionalInt.of(7), function);
        int capability = function.space().addCapability(9, (byte) 4, (byte) 0);
        Random random = new Random(3);
        Set<Long> places = new HashSet<>();
        for (int i = 0; i < 300_000; i++) {
            int width = 1 << random.nextInt(4);
            long at = random.nextInt(4) > 0
                    ? ECAM + (slot << 15) + random.nextInt(64)
                    : ECAM + random.nextInt((int) PciSegment.ECAM_SIZE);
            long written = random.nextInt(3) == 0 ? HIGH >>> 32 & -random.nextInt(2) : random.nextLong();
            if (random.nextBoolean()) {
                table.mmio().write(at, width, written);
            } else if (random.nextBoolean()) {
                table.pio().write(0xCF8 + random.nextInt(8), width, written);
            } else {
                table.mmio().read(at, width, value);
                table.pio().read(0xCF8 + random.nextInt(8), width, value);
            }
            places.add(function.address(0));
        }
        assertThat(places).as("it was moved").hasSizeGreaterThan(2);
        assertThat(ecam(slot, 0, 4)).isEqualTo(0x1042_1AF4L);
        assertThat(ecam(slot, 0x34, 1)).isEqualTo(capability);
        assertThat(ecam(slot, 6, 2)).isEqualTo(0x10);
        ecamWrite(slot, 4, 2, 0);
        assertThat(table.mmio().size()).isEqualTo(1);
    }
}
