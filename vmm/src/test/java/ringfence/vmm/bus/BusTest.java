package ringfence.vmm.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** From an address to the device that answers there. */
class BusTest {
    private final ReadValue value = new ReadValue();

    /** Answers a read with its offset, all upper bits set; notes writes. */
    private static final class Probe implements BusDevice {
        final List<String> writes = new ArrayList<>();

        @Override
        public Access read(long offset, int width, ReadValue into) {
            return into.done(offset | 0xFFFF_FFFF_FFFF_FF00L);
        }

        @Override
        public Access write(long offset, int width, long value) {
            writes.add(offset + "/" + width + "=" + Long.toHexString(value));
            return Done.DONE;
        }
    }

    @Test
    void readsAllOnesOfTheWidthWhereNobodyAnswers() {
        for (int width : new int[] {1, 2, 4, 8}) {
            assertThat(Bus.EMPTY.read(0x80, width, value)).isEqualTo(Rejected.REJECTED);
            assertThat(value.value()).isEqualTo(ReadValue.mask(width));
            assertThat(Bus.EMPTY.write(0x80, width, 1)).isEqualTo(Rejected.REJECTED);
        }
        assertThat(ReadValue.mask(8)).isEqualTo(-1L);
    }

    @Test
    void givesADeviceItsOwnOffsetsAndNoBitsBeyondTheWidth() {
        Probe probe = new Probe();
        Bus bus = Bus.EMPTY.with(0x3F8, 8, probe);
        assertThat(bus.read(0x3FD, 1, value)).isEqualTo(Done.DONE);
        assertThat(value.value()).isEqualTo(5);
        assertThat(bus.read(0x3FC, 2, value)).isEqualTo(Done.DONE);
        assertThat(value.value()).isEqualTo(0xFF04);
        bus.write(0x3F8, 1, 0xABCD);
        assertThat(probe.writes).containsExactly("0/1=cd");
    }

    @Test
    void rejectsAnAccessThatIsNotWhollyInOneRange() {
        Probe probe = new Probe();
        Bus bus = Bus.EMPTY.with(0x1000, 8, probe).with(0x1008, 8, probe);
        assertThat(bus.read(0x1006, 4, value)).isEqualTo(Rejected.REJECTED);
        assertThat(bus.read(0xFFF, 2, value)).isEqualTo(Rejected.REJECTED);
        assertThat(bus.read(0x100F, 2, value)).isEqualTo(Rejected.REJECTED);
        assertThat(bus.write(0x1006, 4, 1)).isEqualTo(Rejected.REJECTED);
        assertThat(bus.read(0x100E, 2, value)).isEqualTo(Done.DONE);
        assertThat(probe.writes).isEmpty();
    }

    @Test
    void holdsARangeThatEndsWithTheAddressSpace() {
        Bus bus = Bus.EMPTY.with(-16L, 16, new Probe());
        assertThat(bus.read(-8L, 8, value)).isEqualTo(Done.DONE);
        assertThat(bus.read(-4L, 8, value)).as("would wrap").isEqualTo(Rejected.REJECTED);
        assertThat(bus.read(0, 8, value)).isEqualTo(Rejected.REJECTED);
    }

    @Test
    void refusesRangesThatOverlapOrWrapOrAreEmpty() {
        Bus bus = Bus.EMPTY.with(0x100, 0x10, new Probe()).with(0x200, 0x10, new Probe());
        assertThatThrownBy(() -> bus.with(0x10F, 1, new Probe())).hasMessageContaining("overlaps 0x100..0x10f");
        assertThatThrownBy(() -> bus.with(0x0FF, 2, new Probe())).isInstanceOf(BusConflictException.class);
        assertThatThrownBy(() -> bus.with(0x110, 0xF1, new Probe())).hasMessageContaining("overlaps 0x200");
        assertThatThrownBy(() -> bus.with(-1L, 2, new Probe())).hasMessageContaining("not a range");
        assertThatThrownBy(() -> bus.with(0x400, 0, new Probe())).hasMessageContaining("not a range");
        assertThat(bus.with(0x110, 0xF0, new Probe()).size()).isEqualTo(3);
    }

    @Test
    void staysAsItWasWhenATableIsMadeFromIt() {
        Bus before = Bus.EMPTY.with(0x100, 1, new Probe());
        Bus after = before.without(0x100);
        assertThat(before.read(0x100, 1, value)).isEqualTo(Done.DONE);
        assertThat(after.read(0x100, 1, value)).isEqualTo(Rejected.REJECTED);
        assertThat(before.without(0x101)).isSameAs(before);
    }

    /** Against the obvious model, an array with a name per address. */
    @Test
    void agreesWithAPlainArrayForRandomTables() {
        Random random = new Random(7);
        for (int round = 0; round < 300; round++) {
            Probe[] owner = new Probe[256];
            long[] base = new long[256];
            Bus bus = Bus.EMPTY;
            for (int step = 0; step < 24; step++) {
                int at = random.nextInt(256);
                int size = 1 + random.nextInt(Math.min(24, 256 - at));
                boolean free = true;
                for (int i = at; i < at + size; i++) {
                    free &= owner[i] == null;
                }
                Probe probe = new Probe();
                if (free) {
                    bus = bus.with(at, size, probe);
                    for (int i = at; i < at + size; i++) {
                        owner[i] = probe;
                        base[i] = at;
                    }
                } else {
                    Bus full = bus;
                    assertThatThrownBy(() -> full.with(at, size, probe)).isInstanceOf(BusConflictException.class);
                    if (owner[at] != null && base[at] == at) {
                        bus = bus.without(at);
                        Probe gone = owner[at];
                        for (int i = 0; i < 256; i++) {
                            owner[i] = owner[i] == gone ? null : owner[i];
                        }
                    }
                }
            }
            for (int address = 0; address < 256; address++) {
                for (int width = 1; width <= 8; width *= 2) {
                    int end = address + width - 1;
                    boolean held = end < 256 && owner[address] != null && owner[address] == owner[end];
                    assertThat(bus.read(address, width, value)).isEqualTo(held ? Done.DONE : Rejected.REJECTED);
                    if (held) {
                        assertThat(value.value() & 0xFF).isEqualTo(address - base[address]);
                    }
                }
            }
        }
    }

    @Test
    void publishesNothingWhenAChangeFails() {
        BusTable table = new BusTable();
        table.changeMmio(bus -> bus.with(0x1000, 16, new Probe()));
        Bus before = table.mmio();
        assertThatThrownBy(() -> table.changeMmio(bus -> bus.without(0x1000).with(0, 0, new Probe())))
                .isInstanceOf(BusConflictException.class);
        assertThat(table.mmio()).isSameAs(before);
        assertThat(table.pio()).isSameAs(Bus.EMPTY);
    }
}
