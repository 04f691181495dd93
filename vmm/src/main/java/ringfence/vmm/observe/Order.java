package ringfence.vmm.observe;

import java.util.Arrays;
import java.util.Comparator;
import java.util.Locale;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;

/** By what VMs are sorted, the most first; each has the key of its first letter. */
public enum Order {
    /** Exits of vCPUs. */
    EXITS(Activity::exits),
    /** Requests. */
    OPERATIONS(Activity::operations),
    /** Bytes that pass. */
    BYTES(Activity::bytes),
    /** Memory of the VMM's process. */
    MEMORY(Activity::resident),
    /** The number of the VMM's process, the least first. */
    PID(activity -> -activity.pid());

    private final ToDoubleFunction<Activity> number;

    Order(ToDoubleFunction<Activity> number) {
        this.number = number;
    }

    Comparator<Activity> first() {
        return Comparator.comparingDouble(number).reversed().thenComparingLong(Activity::pid);
    }

    /** As users write it. */
    public String word() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** The one of this name. */
    public static Optional<Order> of(String word) {
        return Arrays.stream(values())
                .filter(order -> order.word().equals(word))
                .findFirst();
    }

    /** The one of this key. */
    static Optional<Order> of(int key) {
        return Arrays.stream(values())
                .filter(order -> order.word().charAt(0) == key)
                .findFirst();
    }

    /** All names, as a help has them. */
    public static String words() {
        return Arrays.stream(values()).map(Order::word).collect(Collectors.joining("|"));
    }
}
