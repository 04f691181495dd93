package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;

/**
 * The running kernel, reached through {@code syscall(2)} of the C library.
 *
 * <p>The handle is a constant of the class, so that the JIT compiler sees through it: 5 to 9 ns a call. It is an
 * ordinary downcall, not a critical one, so that safepoints proceed while a thread sleeps in the kernel.
 */
public final class NativeKernel implements Kernel {
    /** {@code long (long, long, long, long, long, long, long)}: the one shape that is linked. */
    private static final FunctionDescriptor SHAPE = FunctionDescriptor.of(
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG,
            ValueLayout.JAVA_LONG);

    private static final MemoryLayout STATE = Linker.Option.captureStateLayout();
    private static final VarHandle ERRNO = STATE.varHandle(PathElement.groupElement("errno"));
    private static final MethodHandle SYSCALL = function("syscall");

    /** One errno cell per thread: a downcall writes it, the same thread reads it, before anything else runs. */
    private final ThreadLocal<MemorySegment> state =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

    /**
     * Another function of the C library, behind the same shape, so that nothing further is linked (18 ms a shape).
     * Its parameters, up to seven, must be integers or pointers: on x86-64 those travel in registers, whatever their
     * width, and a function does not see words beyond those that it declares. Of an {@code int} result the upper half
     * is junk: cast it.
     */
    @SuppressWarnings("restricted")
    static MethodHandle function(String name) {
        Linker linker = Linker.nativeLinker();
        // SAFETY: see above; which words are passed, and what they point to, is the duty of the one class that calls
        // it.
        return linker.downcallHandle(
                linker.defaultLookup().findOrThrow(name), SHAPE, Linker.Option.captureCallState("errno"));
    }

    /** What {@link #function} handles take as their first argument. */
    static MemorySegment stateCell(Arena arena) {
        return arena.allocate(STATE);
    }

    @Override
    public long call(Syscall call, long a, long b, long c, long d, long e, long f) {
        MemorySegment errno = state.get();
        long result;
        try {
            result = (long) SYSCALL.invokeExact(errno, (long) call.number(), a, b, c, d, e, f);
        } catch (RuntimeException | Error x) {
            throw x;
        } catch (Throwable x) {
            throw new AssertionError(x);
        }
        // syscall(2) says -1 and nothing else for an error; an mmap address is never -1
        return result == -1 ? -(long) (int) ERRNO.get(errno, 0L) : result;
    }
}
