package ringfence.vmm.api;

import java.util.Optional;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;
import ringfence.vmm.config.BalloonConfig;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.machine.VmException;
import ringfence.vmm.machine.VmException.Reason;

/**
 * What {@code vm.resize} makes of the VM; what is left out stays as it is.
 *
 * @param vcpus how many
 * @param ram bytes
 * @param balloon bytes of that which the guest is to give back
 */
record VmResize(Optional<Integer> vcpus, Optional<Long> ram, Optional<Long> balloon) {
    private static final Option<VmResize, Optional<Integer>> VCPUS = Option.of(
            "desired_vcpus",
            OptionTypes.optional(OptionTypes.integer(1, 65535)),
            Optional.empty(),
            VmResize::vcpus,
            "how many vCPUs; of a VM that is booted only as many as there are");
    private static final Option<VmResize, Optional<Long>> RAM = Option.of(
            "desired_ram",
            OptionTypes.optional(OptionTypes.size()),
            Optional.empty(),
            VmResize::ram,
            "bytes of RAM; of a VM that is booted only as much as there is");
    private static final Option<VmResize, Optional<Long>> BALLOON = Option.of(
            "desired_balloon",
            OptionTypes.optional(OptionTypes.size()),
            Optional.empty(),
            VmResize::balloon,
            "bytes of it that the guest is to give back");

    /** JSON. */
    static final OptionTable<VmResize> TABLE = OptionTable.of(
            "VmResize", v -> new VmResize(v.get(VCPUS), v.get(RAM), v.get(BALLOON)), VCPUS, RAM, BALLOON);

    /**
     * That configuration in the new size. Of a VM that is not booted it may be any; whoever changes one that is booted refuses
     * what cannot change there.
     *
     * @throws VmException if it has no balloon that could have a size
     */
    VmConfig of(VmConfig config) {
        return config.with(
                vcpus.map(config.cpus()::booting).orElse(config.cpus()),
                ram.map(config.memory()::sized).orElse(config.memory()),
                balloon.isPresent() ? Optional.of(resized(config, balloon.get())) : config.balloon());
    }

    private static BalloonConfig resized(VmConfig config, long bytes) {
        return config.balloon()
                .orElseThrow(() -> new VmException(
                        Reason.WRONG_STATE, "there is no balloon: give the VM one with \"balloon\" in vm.create"))
                .with(bytes);
    }
}
