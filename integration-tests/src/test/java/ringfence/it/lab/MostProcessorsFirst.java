package ringfence.it.lab;

import java.util.Comparator;
import org.junit.jupiter.api.ClassOrderer;
import org.junit.jupiter.api.ClassOrdererContext;

/**
 * Orders classes by the processors of their L1. One lane begins with those of two; the other one runs what needs no L1, then
 * takes from the end, those of one. So two L1s that want more than this machine has seldom run at a time.
 */
public final class MostProcessorsFirst implements ClassOrderer {
    @Override
    public void orderClasses(ClassOrdererContext context) {
        context.getClassDescriptors()
                .sort(Comparator.comparing(one -> -one.findAnnotation(OnKvmHost.class)
                        .map(OnKvmHost::cpus)
                        .orElse(0)));
    }
}
