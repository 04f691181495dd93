package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;

/**
 * {@code struct open_how { __u64 flags, mode, resolve; }} in native memory, reused from call to call: how openat2(2) opens.
 * Not safe for concurrent use. O_CLOEXEC is always set.
 */
public final class OpenHow {
    private static final int O_CLOEXEC = 0x80000;

    private final MemorySegment how = Arena.ofAuto().allocate(FileLayout.OPEN_HOW_SIZE, 8);

    /** Within these bounds. */
    public OpenHow(Set<Resolve> resolve) {
        how.set(ValueLayout.JAVA_LONG, FileLayout.HOW_RESOLVE, Flag.bits(resolve.toArray(Flag[]::new)));
    }

    /**
     * Says how.
     *
     * @param flags O_ bits of x86-64
     * @param mode permission bits of a file that is made; 0 where none is
     * @return itself
     */
    public OpenHow set(int flags, int mode) {
        how.set(ValueLayout.JAVA_LONG, FileLayout.HOW_FLAGS, Integer.toUnsignedLong(flags | O_CLOEXEC));
        how.set(ValueLayout.JAVA_LONG, FileLayout.HOW_MODE, mode);
        return this;
    }

    long address() {
        return how.address();
    }
}
