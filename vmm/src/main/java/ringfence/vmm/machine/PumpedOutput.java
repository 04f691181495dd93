package ringfence.vmm.machine;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import ringfence.vmm.device.local.ConsoleOutput;
import ringfence.vmm.legacy.SerialPump;

/**
 * The virtio console's output on its way to somebody who may read or not: a guest's kernel spins until the device has taken
 * what it prints, so the device waits for one who reads slowly, once and shortly for one who has stopped, and then drops.
 */
final class PumpedOutput implements ConsoleOutput {
    private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(250);
    private static final int PIECE = 1024;

    private final SerialPump pump;
    private boolean stalled; // the device's thread's

    PumpedOutput(SerialPump pump) {
        this.pump = pump;
    }

    @Override
    public void write(MemorySegment bytes) {
        for (long i = 0; i < bytes.byteSize(); i++) {
            if (i % PIECE == 0) {
                heed();
            }
            pump.transmit(bytes.get(ValueLayout.JAVA_BYTE, i));
        }
    }

    private void heed() {
        if (!pump.isCongested()) {
            stalled = false;
        } else if (!stalled) {
            stalled = !pump.drain(PATIENCE);
        }
    }
}
