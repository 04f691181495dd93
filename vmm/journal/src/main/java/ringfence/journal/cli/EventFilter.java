package ringfence.journal.cli;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import ringfence.journal.JournalEvent;
import ringfence.journal.Rings;

/**
 * Which events are wanted.
 *
 * @param vms names, pids or paths of API sockets; empty: all
 * @param since the first moment, in milliseconds since 1970
 * @param devices ids; empty: all events, of devices or not
 * @param kinds sources or names of events; empty: all
 */
record EventFilter(List<String> vms, long since, Set<String> devices, Set<String> kinds) {
    /** What {@code --since} says: {@code 10m} before now, or a moment as in {@code 2026-11-28T20:00:00Z}. */
    static long since(Optional<String> text, long nowMillis) {
        if (text.isEmpty()) {
            return Long.MIN_VALUE;
        }
        try {
            return Instant.parse(text.get()).toEpochMilli();
        } catch (DateTimeException _) {
            try {
                return nowMillis - Amounts.time("--since", text.get()).toMillis();
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException(e.getMessage() + ", or a moment such as 2026-11-28T20:00:00Z", e);
            }
        }
    }

    /** Whether a VM's events are wanted. @param label the path of its API's socket */
    boolean takesVm(String name, String label) {
        return vms.isEmpty()
                || vms.stream().anyMatch(vm -> vm.equals(name) || vm.equals(Rings.pid(name)) || vm.equals(label));
    }

    boolean takes(JournalEvent event) {
        return event.millis() >= since
                && (devices.isEmpty() || devices.contains(event.properties().getOrDefault("id", "")))
                && takesKind(event.source(), event.name());
    }

    /** Whether it is wanted that events are missing: whoever asks for some of them wants to know. */
    boolean takesLost(JournalEvent event) {
        return event.millis() >= since;
    }

    private boolean takesKind(String source, String name) {
        return kinds.isEmpty() || kinds.contains(source) || kinds.contains(name);
    }
}
