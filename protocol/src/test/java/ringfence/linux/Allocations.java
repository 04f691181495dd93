package ringfence.linux;

import java.lang.management.ManagementFactory;
import java.lang.reflect.Method;

/** How much a thread has allocated, for tests that show that a path allocates nothing. */
public final class Allocations {
    private static final Object THREADS = ManagementFactory.getThreadMXBean();
    private static final Method ALLOCATED = method();

    private Allocations() {}

    /** The JDK's own bean, reached by reflection: the modules under test do not read jdk.management. */
    private static Method method() {
        try {
            return Class.forName("com.sun.management.ThreadMXBean").getMethod("getCurrentThreadAllocatedBytes");
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** Bytes that the calling thread has allocated so far; the question itself costs some hundred. */
    public static long ofThisThread() {
        try {
            return (long) ALLOCATED.invoke(THREADS);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }
}
