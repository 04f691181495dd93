package ringfence.vmm.device.local;

import java.lang.foreign.MemorySegment;

/** Where a console's output goes. Called by the device's thread, which may wait: only this console does. */
@FunctionalInterface
public interface ConsoleOutput {
    /** Takes all of {@code bytes} before it returns, or loses them where they can go nowhere. */
    void write(MemorySegment bytes);
}
