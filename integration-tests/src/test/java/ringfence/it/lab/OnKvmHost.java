package ringfence.it.lab;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/**
 * This test, or those of this class, take a {@link KvmHost} as a parameter, which is a test's alone while it runs; others may
 * run beside it, see {@link Lanes}. A test whose host the emulator loses is run again, by the same instance and without
 * {@code BeforeEach}: it keeps nothing in its fields.
 */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Execution(ExecutionMode.CONCURRENT)
@ExtendWith(KvmHostExtension.class)
public @interface OnKvmHost {
    /** L1's kernel, 6.1 or 6.12, where there has to be an L1. */
    String kernel() default "6.1";

    /**
     * L1's processors, 1 or 2. One does for a guest of one processor that is not under load while daemons start: all that QEMU
     * emulates is the work of one thread then, which leaves the other processor of this machine to other tests, and loses
     * nothing to the emulation of another one.
     */
    int cpus() default 2;
}
