package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

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
    private static final long ERRNO = STATE.byteOffset(PathElement.groupElement("errno"));
    private static final MethodHandle FUNCTION = function();
    private static final MethodHandle SYSCALL = FUNCTION.bindTo(address("syscall"));

    /** One errno cell per thread: a downcall writes it, the same thread reads it, before anything else runs. */
    private final ThreadLocal<MemorySegment> state =
            ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(STATE));

    @SuppressWarnings("restricted")
    private static MethodHandle function() {
        // SAFETY: the handle stays in this package; who calls a function by it answers for what it passes, see below.
        return Linker.nativeLinker().downcallHandle(SHAPE, Linker.Option.captureCallState("errno"));
    }

    /**
     * Where a function of the C library is, for {@link #call(MemorySegment, MemorySegment, long, long, long, long, long,
     * long)}.
     */
    static MemorySegment address(String name) {
        return Linker.nativeLinker().defaultLookup().findOrThrow(name);
    }

    /**
     * Calls another function of the C library by the same shape, so that nothing further is linked (18 ms a shape). Its
     * parameters must be integers or pointers: on x86-64 those travel in registers, whatever their width, and a function
     * does not see words beyond those that it declares. Of an {@code int} result the upper half is junk: cast it.
     *
     * @param state what {@link #stateCell} made
     */
    static long call(MemorySegment function, MemorySegment state, long a, long b, long c, long d, long e, long f) {
        try {
            return (long) FUNCTION.invokeExact(function, state, a, b, c, d, e, f, 0L);
        } catch (RuntimeException | Error x) {
            throw x;
        } catch (Throwable x) {
            throw new AssertionError(x);
        }
    }

    /** Where a function leaves its errno. */
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
        return result == -1 ? -(long) errno.get(ValueLayout.JAVA_INT, ERRNO) : result;
    }
}
