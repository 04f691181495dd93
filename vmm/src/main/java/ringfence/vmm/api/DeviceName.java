package ringfence.vmm.api;

import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;

/**
 * Which device {@code vm.remove-device} or {@code vm.upgrade-device} is about.
 *
 * @param id its name
 */
record DeviceName(String id) {
    private static final Option<DeviceName, String> ID =
            Option.of("id", OptionTypes.text("name"), "", DeviceName::id, "the device's name");

    /** JSON. */
    static final OptionTable<DeviceName> TABLE =
            OptionTable.of("VmRemoveDevice", v -> new DeviceName(v.get(ID)), ID).required("id");
}
