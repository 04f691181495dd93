package ringfence.net.engine;

import java.util.Optional;
import ringfence.limit.Rate;
import ringfence.option.Option;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;
import ringfence.option.OptionValues;

/**
 * Limits of one direction, with Cloud Hypervisor's names: {@code bw_size=…,bw_one_time_burst=…,bw_refill_time=…} in bytes
 * and milliseconds, {@code ops_…} in frames.
 *
 * @param bytes empty: as many as can
 * @param frames empty: as many as can
 */
public record Limits(Optional<Rate> bytes, Optional<Rate> frames) {
    /** No limit. */
    public static final Limits NONE = new Limits(Optional.empty(), Optional.empty());

    private static final Option<Limits, Optional<Long>> BW_SIZE = key("bw_size", "bytes of a full bucket");
    private static final Option<Limits, Optional<Long>> BW_BURST = key("bw_one_time_burst", "bytes beyond that, once");
    private static final Option<Limits, Optional<Long>> BW_REFILL = key("bw_refill_time", "ms until it is full again");
    private static final Option<Limits, Optional<Long>> OPS_SIZE = key("ops_size", "frames of a full bucket");
    private static final Option<Limits, Optional<Long>> OPS_BURST =
            key("ops_one_time_burst", "frames beyond that, once");
    private static final Option<Limits, Optional<Long>> OPS_REFILL =
            key("ops_refill_time", "ms until it is full again");

    private static final OptionTable<Limits> TABLE =
            OptionTable.of("Limits", Limits::of, BW_SIZE, BW_BURST, BW_REFILL, OPS_SIZE, OPS_BURST, OPS_REFILL);

    /** @throws OptionException with one line for the user */
    public static Limits parse(String text) {
        return TABLE.parse(text);
    }

    private static Option<Limits, Optional<Long>> key(String name, String help) {
        return Option.of(name, OptionTypes.optional(OptionTypes.size()), Optional.empty(), _ -> Optional.empty(), help);
    }

    private static Limits of(OptionValues v) {
        return new Limits(
                rate("bw", v.get(BW_SIZE), v.get(BW_BURST), v.get(BW_REFILL)),
                rate("ops", v.get(OPS_SIZE), v.get(OPS_BURST), v.get(OPS_REFILL)));
    }

    private static Optional<Rate> rate(
            String prefix, Optional<Long> size, Optional<Long> burst, Optional<Long> refill) {
        if (size.isEmpty() && burst.isEmpty() && refill.isEmpty()) {
            return Optional.empty();
        }
        if (size.isEmpty() || refill.isEmpty()) {
            throw new OptionException(prefix + (size.isEmpty() ? "_size" : "_refill_time")
                    + ": is missing beside the other " + prefix + "_ keys: give it too");
        }
        try {
            return Optional.of(new Rate(size.get(), burst.orElse(0L), refill.get()));
        } catch (IllegalArgumentException e) {
            throw new OptionException(prefix + "_: " + prefix + "_size is 1 to 2^40, " + prefix
                    + "_refill_time 1 to 3600000 ms: change what is outside");
        }
    }
}
