package ringfence.vmm.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import ringfence.vmm.bus.Bus;
import ringfence.vmm.bus.ReadValue;

/** ACPI 6.5, 5.6.9: what the event device's method reads. */
class EventDeviceTest {
    private static final long AT = 0xFF_FFFE_F000L;

    private final List<Boolean> line = new ArrayList<>();
    private final EventDevice events = new EventDevice(line::add);
    private final Bus bus = Bus.EMPTY.with(AT, EventDevice.SIZE, events);

    private long read() {
        ReadValue value = new ReadValue();
        bus.read(AT, 1, value);
        return value.value();
    }

    @Test
    void whatHappenedIsReadOnceAndTheLineIsHighUntilThen() {
        events.raise(EventDevice.POWER_BUTTON);
        events.raise(EventDevice.PCI);
        events.raise(EventDevice.PCI);
        assertThat(line).containsOnly(true);
        line.clear();
        assertThat(read()).isEqualTo(0xC);
        assertThat(line).containsExactly(false);
        assertThat(read()).isZero();
        assertThat(line).as("nothing was read").containsExactly(false);
    }

    @Test
    void aGuestCanNeitherRaiseNorHideAnything() {
        bus.write(AT, 1, 0xFF);
        assertThat(read()).isZero();
        assertThat(line).isEmpty();
        events.raise(EventDevice.PCI);
        bus.write(AT, 1, 0);
        assertThat(read()).isEqualTo(EventDevice.PCI);
    }

    @Test
    void theNextGuestHearsNothingOfIt() {
        events.raise(EventDevice.PCI);
        events.reset();
        assertThat(line).endsWith(false);
        assertThat(read()).isZero();
    }
}
