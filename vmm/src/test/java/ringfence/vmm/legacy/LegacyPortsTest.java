package ringfence.vmm.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringfence.vmm.bus.Bus;
import ringfence.vmm.bus.ReadValue;

/** Power, reset, clock and debug port, on one bus. */
class LegacyPortsTest {
    private final List<String> told = new ArrayList<>();
    private final PowerListener power = new PowerListener() {
        @Override
        public void poweroff() {
            told.add("poweroff");
        }

        @Override
        public void reset() {
            told.add("reset");
        }
    };
    private long now = 100;
    private final DebugPort debug = new DebugPort(() -> now, code -> told.add("code " + code));
    private final Bus bus = Bus.EMPTY
            .with(AcpiPower.PORT, AcpiPower.SIZE, new AcpiPower(power))
            .with(I8042Reset.PORT, I8042Reset.SIZE, new I8042Reset(power))
            .with(
                    Rtc.PORT,
                    Rtc.SIZE,
                    new Rtc(
                            InstantSource.fixed(Instant.parse("2026-11-25T19:58:07Z")),
                            (16L << 20) + (3L << 16),
                            5L << 30))
            .with(DebugPort.PORT, DebugPort.SIZE, debug);

    private long in(int port, int width) {
        ReadValue value = new ReadValue();
        bus.read(port, width, value);
        return value.value();
    }

    private long cmos(int index) {
        bus.write(0x70, 1, index);
        return in(0x71, 1);
    }

    @Test
    void entersS5OnlyWithSlpEnAndTypeFive() {
        assertThat(in(0x600, 1)).isZero();
        for (int value = 0; value < 256; value++) {
            if (value != 1) {
                bus.write(0x600, 1, value);
            }
        }
        assertThat(told).containsExactly("poweroff");
        told.clear();
        bus.write(0x600, 1, 0x34);
        bus.write(0x601, 1, 0x34);
        assertThat(told).containsExactly("poweroff");
    }

    @Test
    void resetsByAcpiAndByTheKeyboardController() {
        bus.write(0x600, 1, 1);
        bus.write(0x64, 1, 0xFE);
        bus.write(0x64, 1, 0xD1);
        bus.write(0x60 + 1, 1, 0xFE);
        assertThat(told).containsExactly("reset", "reset");
    }

    @Test
    void showsNoKeyboardAndATimerThatHasRunOut() {
        assertThat(in(0x64, 1)).isZero();
        assertThat(in(0x61, 1) & 0x20).isEqualTo(0x20);
        assertThat(in(0x61, 4)).isEqualTo(0xFFFF_FFFFL);
    }

    @Test
    void tellsUtcInBcd() {
        assertThat(cmos(0)).isEqualTo(0x07);
        assertThat(cmos(2)).isEqualTo(0x58);
        assertThat(cmos(4)).isEqualTo(0x19);
        assertThat(cmos(6)).as("2026-11-25 is a Wednesday").isEqualTo(4);
        assertThat(cmos(7)).isEqualTo(0x25);
        assertThat(cmos(8)).isEqualTo(0x11);
        assertThat(cmos(9)).isEqualTo(0x26);
        assertThat(cmos(0x32)).isEqualTo(0x20);
        assertThat(cmos(0xA) & 0x80).as("no update in progress").isZero();
        assertThat(cmos(0xB)).as("24 hours, BCD").isEqualTo(2);
        assertThat(cmos(0xD)).as("valid").isEqualTo(0x80);
    }

    @Test
    void tellsTheSizeOfMemoryAndKeepsTheRest() {
        assertThat(cmos(0x34) | cmos(0x35) << 8).isEqualTo(3);
        assertThat(cmos(0x5B) | cmos(0x5C) << 8 | cmos(0x5D) << 16).isEqualTo(5L << 30 >> 16);
        assertThat(cmos(0x0F)).isZero();
        bus.write(0x71, 1, 0xA5);
        assertThat(cmos(0x8F)).as("bit 7 of the index is the NMI mask").isEqualTo(0xA5);
        assertThat(cmos(0x00)).isEqualTo(7);
        bus.write(0x71, 1, 0x59);
        assertThat(cmos(0x00)).as("the time is the host's").isEqualTo(7);
        assertThat(in(0x70, 2)).isEqualTo(0xFFFF);
        assertThat(in(0x70, 1)).isEqualTo(0xFF);
    }

    @Test
    void notesTheFirstTimeOfEachCode() {
        bus.write(0x80, 1, 0x40);
        now = 200;
        bus.write(0x80, 1, 0x41);
        now = 300;
        bus.write(0x80, 1, 0x40);
        assertThat(debug.firstSeen(DebugPort.KERNEL_START)).isEqualTo(100);
        assertThat(debug.firstSeen(DebugPort.USER_START)).isEqualTo(200);
        assertThat(debug.firstSeen(0)).isZero();
        assertThat(told).containsExactly("code 64", "code 65");
    }
}
