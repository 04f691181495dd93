package ringfence.it.lab;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * This test, or those of this class, take a {@link KvmHost} as a parameter; one host of a kind serves all classes of a
 * run. A test whose host the emulator loses is run again, by the same instance and without {@code BeforeEach}: it keeps
 * nothing in its fields.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(KvmHostExtension.class)
public @interface OnKvmHost {
    /** L1's usual number of processors. */
    int CPUS = 2;

    /** L1's kernel, 6.1 or 6.12, where there has to be an L1. */
    String kernel() default "6.1";

    /**
     * L1's processors, 1 or 2. On one, all that QEMU emulates is the work of one thread, and what its threads lose to each
     * other is not lost.
     */
    int cpus() default CPUS;
}
