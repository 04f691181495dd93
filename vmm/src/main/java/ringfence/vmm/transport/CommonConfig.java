package ringfence.vmm.transport;

import java.util.List;
import java.util.function.LongSupplier;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/**
 * The common configuration registers (virtio 1.3, 4.1.4.3), decoded: which field an access means, and what it may do.
 * What the device status brings about is {@link DriverState}'s matter, whose monitor guards all of it.
 *
 * <p>A field is accessed with its own width, a 64-bit one also by halves; anything else is rejected.
 */
final class CommonConfig implements BusDevice {
    private static final int DEVICE_FEATURE_SELECT = 0;
    private static final int DEVICE_FEATURE = 4;
    private static final int DRIVER_FEATURE_SELECT = 8;
    private static final int DRIVER_FEATURE = 12;
    private static final int CONFIG_MSIX_VECTOR = 16;
    private static final int NUM_QUEUES = 18;
    private static final int DEVICE_STATUS = 20;
    private static final int CONFIG_GENERATION = 21;
    private static final int QUEUE_SELECT = 22;
    private static final int QUEUE_SIZE = 24;
    private static final int QUEUE_MSIX_VECTOR = 26;
    private static final int QUEUE_ENABLE = 28;
    private static final int QUEUE_NOTIFY_OFF = 30;
    private static final int QUEUE_ADDRESSES = 32;

    private final DriverState state;
    private final List<QueueRegisters> queues;
    private final Msix msix;
    private final Readiness readiness;
    private final InterruptSource configInterrupt;
    private int deviceFeatureSelect;
    private int driverFeatureSelect;
    private int queueSelect;

    CommonConfig(
            DriverState state,
            List<QueueRegisters> queues,
            Msix msix,
            InterruptSource configInterrupt,
            Readiness readiness) {
        this.state = state;
        this.queues = queues;
        this.msix = msix;
        this.configInterrupt = configInterrupt;
        this.readiness = readiness;
        state.onReset(this::reset);
    }

    private void reset() {
        deviceFeatureSelect = 0;
        driverFeatureSelect = 0;
        queueSelect = 0;
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        int field = (int) offset;
        if (width != widthOf(field)) {
            return width == 8 && isWholeAddress(field) ? readAddress(field, into) : into.rejected(width);
        }
        if (field == DEVICE_FEATURE) {
            LongSupplier features = word(deviceFeatureSelect);
            return readiness.read(features, into);
        }
        synchronized (state) {
            return into.done(field(field));
        }
    }

    private Access readAddress(int field, ReadValue into) {
        synchronized (state) {
            return into.done(field(field + 4) << 32 | field(field));
        }
    }

    private LongSupplier word(int select) {
        return () -> select == 0 || select == 1 ? state.offered() >>> 32 * select & 0xFFFF_FFFFL : 0;
    }

    private long field(int field) {
        return switch (field) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect & 0xFFFF_FFFFL;
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect & 0xFFFF_FFFFL;
            case DRIVER_FEATURE -> state.driverFeatures(driverFeatureSelect);
            case CONFIG_MSIX_VECTOR -> configInterrupt.vector;
            case NUM_QUEUES -> queues.size();
            case DEVICE_STATUS -> state.status();
            case CONFIG_GENERATION -> state.generation();
            case QUEUE_SELECT -> queueSelect;
            default -> queueSelect < queues.size() ? queueField(field, queues.get(queueSelect)) : 0;
        };
    }

    private long queueField(int field, QueueRegisters queue) {
        return switch (field) {
            case QUEUE_SIZE -> queue.size();
            case QUEUE_MSIX_VECTOR -> queue.interrupt.vector;
            case QUEUE_ENABLE -> queue.isEnabled() ? 1 : 0;
            case QUEUE_NOTIFY_OFF -> queueSelect;
            default -> queue.addressWord((field - QUEUE_ADDRESSES) / 4);
        };
    }

    @Override
    public Access write(long offset, int width, long value) {
        int field = (int) offset;
        if (width != widthOf(field)) {
            return width == 8 && isWholeAddress(field) ? writeAddress(field, value) : Rejected.REJECTED;
        }
        if (field == DEVICE_STATUS) {
            return state.writeStatus((int) value);
        }
        synchronized (state) {
            if (!state.isResetting()) {
                set(field, value);
            }
        }
        return Done.DONE;
    }

    private Access writeAddress(int field, long value) {
        write(field, 4, value & 0xFFFF_FFFFL);
        return write(field + 4, 4, value >>> 32);
    }

    private void set(int field, long value) {
        switch (field) {
            case DEVICE_FEATURE_SELECT -> deviceFeatureSelect = (int) value;
            case DRIVER_FEATURE_SELECT -> driverFeatureSelect = (int) value;
            case DRIVER_FEATURE -> state.driverFeatures(driverFeatureSelect, value);
            case QUEUE_SELECT -> queueSelect = (int) value;
            case CONFIG_MSIX_VECTOR -> {
                if (!state.isLive()) {
                    msix.map(configInterrupt, (int) value);
                }
            }
            default -> {
                // once the driver is ready its queues hold still: all that a queue runs with was copied then
                if (queueSelect < queues.size() && !state.isLive()) {
                    setQueue(field, queues.get(queueSelect), value);
                }
            }
        }
    }

    private void setQueue(int field, QueueRegisters queue, long value) {
        switch (field) {
            case QUEUE_SIZE -> queue.size((int) value);
            case QUEUE_MSIX_VECTOR -> msix.map(queue.interrupt, (int) value);
            case QUEUE_ENABLE -> {
                if (value == 1) {
                    queue.enable();
                }
            }
            default -> {
                if (field >= QUEUE_ADDRESSES) {
                    queue.addressWord((field - QUEUE_ADDRESSES) / 4, value);
                }
            }
        }
    }

    private static boolean isWholeAddress(int field) {
        return field >= QUEUE_ADDRESSES && (field & 7) == 0;
    }

    /** Bytes of the field that begins at this offset; 0 if none does. */
    private static int widthOf(int field) {
        return switch (field) {
            case DEVICE_FEATURE_SELECT, DEVICE_FEATURE, DRIVER_FEATURE_SELECT, DRIVER_FEATURE -> 4;
            case CONFIG_MSIX_VECTOR, NUM_QUEUES, QUEUE_SELECT, QUEUE_SIZE, QUEUE_MSIX_VECTOR -> 2;
            case QUEUE_ENABLE, QUEUE_NOTIFY_OFF -> 2;
            case DEVICE_STATUS, CONFIG_GENERATION -> 1;
            default -> field >= QUEUE_ADDRESSES && (field & 3) == 0 ? 4 : 0;
        };
    }
}
