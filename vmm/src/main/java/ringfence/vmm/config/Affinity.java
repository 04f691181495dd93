package ringfence.vmm.config;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import ringfence.option.FlagSyntax;
import ringfence.option.Json;
import ringfence.option.OptionException;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;

/**
 * Which CPUs of the host a vCPU, or a queue's worker, may run on.
 *
 * @param index the vCPU or queue
 * @param hostCpus CPUs of the host
 */
public record Affinity(int index, List<Integer> hostCpus) {
    private static final OptionType<List<Integer>> CPUS = OptionTypes.integers(0, 8191);

    /** Copies the list. */
    public Affinity {
        hostCpus = List.copyOf(hostCpus);
    }

    /**
     * Adds what is wrong with some.
     *
     * @param what has the CPUs, {@code vCPU} or {@code queue}
     * @param count how many there are of it
     * @param problems with {@code option}
     */
    static void check(List<Affinity> pins, String what, int count, String option, List<Problem> problems) {
        Set<Integer> seen = new HashSet<>();
        for (Affinity pin : pins) {
            String which = what + " " + pin.index;
            if (pin.index >= count) {
                problems.add(new Problem(option, "names " + which + ", there are 0 to " + (count - 1)));
            } else if (!seen.add(pin.index)) {
                problems.add(new Problem(option, "names " + which + " twice: give all its CPUs once"));
            } else if (pin.hostCpus.isEmpty()) {
                problems.add(new Problem(option, "has no CPU for " + which + ": give one, or leave it out"));
            }
        }
    }

    /** {@code [0@[1,2],1@[3-5]]}. @param indexName the name of the index in JSON */
    static OptionType<List<Affinity>> type(String indexName) {
        return new Type(indexName);
    }

    private record Type(String indexName) implements OptionType<List<Affinity>> {
        @Override
        public List<Affinity> parse(String text) {
            List<Affinity> list = new ArrayList<>();
            for (String item : FlagSyntax.items(text)) {
                int at = item.indexOf('@');
                if (at < 0) {
                    throw new OptionException("'" + item + "' has no '@': write [0@[1,2],1@[3]]");
                }
                int index = index(FlagSyntax.number(item.substring(0, at)));
                list.add(new Affinity(index, CPUS.parse(item.substring(at + 1))));
            }
            return List.copyOf(list);
        }

        private static int index(long index) {
            if (index < 0 || index > 8191) {
                throw new OptionException("holds " + index + ", 0 to 8191 are possible");
            }
            return (int) index;
        }

        @Override
        public List<Affinity> read(Json json) {
            if (!(json instanceof Json.Arr items)) {
                throw new OptionException("is " + json.kind() + ", a list is needed");
            }
            List<Affinity> list = new ArrayList<>();
            for (Json item : items.items()) {
                if (!(item instanceof Json.Obj pin && pin.get(indexName) instanceof Json.Num number)) {
                    throw new OptionException("needs objects with " + indexName + " and host_cpus");
                }
                list.add(new Affinity(index(FlagSyntax.number(number.digits())), CPUS.read(pin.get("host_cpus"))));
            }
            return List.copyOf(list);
        }

        @Override
        public Json write(List<Affinity> value) {
            return value.isEmpty()
                    ? Json.Null.NULL
                    : Json.of(value.stream()
                            .map(a -> Json.object(indexName, a.index, "host_cpus", a.hostCpus))
                            .toList());
        }

        @Override
        public String syntax() {
            return "[<index>@[<cpu>,...],...]";
        }

        @Override
        public Json.Obj schema() {
            Json.Obj properties = Json.object(
                    indexName,
                    Json.object("type", "integer"),
                    "host_cpus",
                    OptionTypes.integers(0, 8191).schema());
            return Json.object(
                    "type",
                    "array",
                    "items",
                    Json.object(
                            "type", "object", "required", List.of(indexName, "host_cpus"), "properties", properties));
        }
    }
}
