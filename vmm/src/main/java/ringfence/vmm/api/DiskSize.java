package ringfence.vmm.api;

import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;

/**
 * What {@code vm.resize-disk} makes of a disk.
 *
 * @param id its name
 * @param size its new size in bytes
 */
record DiskSize(String id, long size) {
    private static final Option<DiskSize, String> ID =
            Option.of("id", OptionTypes.text("name"), "", DiskSize::id, "the disk's name");
    private static final Option<DiskSize, Long> SIZE =
            Option.of("desired_size", OptionTypes.size(), 0L, DiskSize::size, "bytes, a multiple of 512");

    /** JSON. */
    static final OptionTable<DiskSize> TABLE = OptionTable.of(
                    "VmResizeDisk", v -> new DiskSize(v.get(ID), v.get(SIZE)), ID, SIZE)
            .required("id", "desired_size");
}
