package ringfence.vmm.transport;

import java.util.concurrent.CompletionStage;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.bus.Deferred;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.device.VirtioDevice;

/**
 * The device's own configuration space, in the BAR (virtio 1.3, 4.1.4.6). A vCPU that writes it waits until that counts: a
 * driver may write which part of it it reads next.
 */
final class DeviceConfig implements BusDevice {
    private final VirtioDevice device;
    private final DriverState state;
    private final Readiness readiness;
    private final Deadlines deadlines;

    DeviceConfig(VirtioDevice device, DriverState state, Readiness readiness, Deadlines deadlines) {
        this.device = device;
        this.state = state;
        this.readiness = readiness;
        this.deadlines = deadlines;
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        state.configRead();
        return readiness.read(() -> device.readConfig((int) offset, width), into);
    }

    @Override
    public Access write(long offset, int width, long value) {
        if (!device.isReady() || offset + width > device.configSize()) {
            return Done.DONE;
        }
        CompletionStage<Void> written = device.writeConfig((int) offset, width, value);
        return written.toCompletableFuture().isDone()
                ? Done.DONE
                : new Deferred(written.thenApply(nothing -> 0L), deadlines.nanos(), 0, () -> {});
    }
}
