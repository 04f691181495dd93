package ringfence.memory;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/**
 * Ordered stores of one and two bytes to memory that another process may have cut short. Those of {@link VarHandle} are an
 * exchange where HotSpot has not compiled the caller yet, and it does not know how to go on behind an exchange of so few bytes
 * that has faulted: the whole process ends. Behind a plain store it does, and the caller gets an {@link InternalError}. So
 * each is a plain store between fences, which on x86-64 only compilers notice. Any thread.
 */
public final class OrderedStores {
    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

    private OrderedStores() {}

    /** Two bytes, little-endian, at an even offset; nothing that was stored before comes later. */
    public static void release(MemorySegment memory, long offset, short value) {
        VarHandle.releaseFence();
        opaque(memory, offset, value);
    }

    /** One byte; nothing that was stored before comes later. */
    public static void release(MemorySegment memory, long offset, byte value) {
        VarHandle.releaseFence();
        memory.set(ValueLayout.JAVA_BYTE, offset, value);
        VarHandle.storeStoreFence();
    }

    /** Two bytes, little-endian, at an even offset: at once, and before later stores. */
    public static void opaque(MemorySegment memory, long offset, short value) {
        memory.set(LE16, offset, value);
        VarHandle.storeStoreFence();
    }
}
