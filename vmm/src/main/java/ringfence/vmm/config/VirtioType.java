package ringfence.vmm.config;

import java.util.List;
import ringfence.option.Json;
import ringfence.option.OptionException;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;

/** A virtio device type, virtio 1.3, chapter 5: a number, or in a flag one of the names below. */
final class VirtioType implements OptionType<Integer> {
    static final VirtioType TYPE = new VirtioType();

    /** PCI has device ids for as many (4.1.2.1). */
    private static final OptionType<Integer> NUMBER = OptionTypes.integer(1, 63);

    private record Name(String word, int number) {}

    private static final List<Name> NAMES = List.of(
            new Name("net", 1),
            new Name("block", 2),
            new Name("console", 3),
            new Name("rng", 4),
            new Name("balloon", 5),
            new Name("scsi", 8),
            new Name("9p", 9),
            new Name("gpu", 16),
            new Name("input", 18),
            new Name("vsock", 19),
            new Name("crypto", 20),
            new Name("sound", 25),
            new Name("fs", 26),
            new Name("rpmb", 28),
            new Name("scmi", 32),
            new Name("i2c", 34),
            new Name("can", 36),
            new Name("bluetooth", 40),
            new Name("gpio", 41));

    private VirtioType() {}

    @Override
    public Integer parse(String text) {
        for (Name name : NAMES) {
            if (name.word.equals(text)) {
                return name.number;
            }
        }
        try {
            return NUMBER.parse(text);
        } catch (OptionException e) {
            throw new OptionException(e.getMessage() + ", or "
                    + String.join(", ", NAMES.stream().map(Name::word).toList()));
        }
    }

    @Override
    public Integer read(Json json) {
        return NUMBER.read(json);
    }

    @Override
    public Json write(Integer value) {
        return NUMBER.write(value);
    }

    @Override
    public String syntax() {
        return "<number>|<name>";
    }

    @Override
    public Json.Obj schema() {
        return NUMBER.schema();
    }
}
