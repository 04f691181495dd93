package ringfence.vmm.config;

import java.util.List;
import java.util.Map;
import ringfence.option.FlagSyntax;
import ringfence.option.Json;
import ringfence.option.Option;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;
import ringfence.vmm.config.CpusConfig.CpuTopology;

/** How a {@link CpuTopology} is written: {@code threads:cores:dies:packages}, and an object in JSON. */
final class CpuTopologyType implements OptionType<CpuTopology> {
    static final CpuTopologyType TYPE = new CpuTopologyType();

    private static final Option<CpuTopology, Integer> THREADS =
            count("threads_per_core", CpuTopology::threadsPerCore, "threads of a core");
    private static final Option<CpuTopology, Integer> CORES =
            count("cores_per_die", CpuTopology::coresPerDie, "cores of a die");
    private static final Option<CpuTopology, Integer> DIES =
            count("dies_per_package", CpuTopology::diesPerPackage, "dies of a package");
    private static final Option<CpuTopology, Integer> PACKAGES = count("packages", CpuTopology::packages, "packages");

    /** Its JSON. */
    static final OptionTable<CpuTopology> TABLE = OptionTable.of(
            "CpuTopology",
            v -> new CpuTopology(v.get(THREADS), v.get(CORES), v.get(DIES), v.get(PACKAGES)),
            THREADS,
            CORES,
            DIES,
            PACKAGES);

    private static Option<CpuTopology, Integer> count(
            String name, java.util.function.Function<CpuTopology, Integer> value, String help) {
        return Option.of("", name, OptionTypes.integer(1, 8192), 1, value, help);
    }

    private CpuTopologyType() {}

    @Override
    public CpuTopology parse(String text) {
        List<String> parts = FlagSyntax.split(text, ':');
        if (parts.size() != 4) {
            throw new OptionException("'" + text + "' is not threads:cores:dies:packages, such as 1:2:1:1");
        }
        OptionType<Integer> count = THREADS.type();
        return new CpuTopology(
                count.parse(parts.get(0)),
                count.parse(parts.get(1)),
                count.parse(parts.get(2)),
                count.parse(parts.get(3)));
    }

    @Override
    public CpuTopology read(Json json) {
        return TABLE.read(json);
    }

    @Override
    public Json write(CpuTopology value) {
        return TABLE.write(value);
    }

    @Override
    public String syntax() {
        return "<threads>:<cores>:<dies>:<packages>";
    }

    @Override
    public Json.Obj schema() {
        return Json.object("$ref", "#/components/schemas/CpuTopology");
    }

    @Override
    public void schemas(Map<String, Json> found) {
        TABLE.schemas(found);
    }
}
