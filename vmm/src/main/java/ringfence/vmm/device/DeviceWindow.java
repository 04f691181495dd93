package ringfence.vmm.device;

import java.util.function.LongConsumer;
import ringfence.linux.Mapping;

/**
 * Memory of a device that its guest reads and writes without asking anybody, in a BAR of its own. The VMM itself never
 * touches it: what is behind it may go at any time.
 *
 * @param memory whole pages, mapped as long as the device lives
 * @param place told by the machine's owner at which guest address it begins from now on
 */
public record DeviceWindow(Mapping memory, LongConsumer place) {}
