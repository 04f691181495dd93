package ringfence.vmm.event;

import java.util.List;

/**
 * What is written of an event, wherever it is written.
 *
 * @param source who tells it: Cloud Hypervisor's word for it, or {@value #OURS}
 * @param name what has happened
 * @param properties keys and values in turns
 */
public record EventForm(String source, String name, List<String> properties) {
    /** The source of what Cloud Hypervisor does not have. */
    public static final String OURS = "ringfence";

    static final String ID = "id";
    static final String REASON = "reason";

    static EventForm of(String source, String name, String... properties) {
        return new EventForm(source, name, List.of(properties));
    }

    static EventForm ours(String name, String... properties) {
        return of(OURS, name, properties);
    }
}
