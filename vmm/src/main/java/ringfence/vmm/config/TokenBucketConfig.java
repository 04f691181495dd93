package ringfence.vmm.config;

import java.util.Optional;
import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;

/**
 * How much may pass in how much time.
 *
 * @param size bytes or operations, above 0
 * @param oneTimeBurst what may pass beyond that, once
 * @param refillTime milliseconds until an empty bucket is full again, above 0
 */
public record TokenBucketConfig(long size, Optional<Long> oneTimeBurst, long refillTime) {
    /** Largest bucket. */
    static final long MAX_SIZE = 1L << 40;

    /** Slowest filling: an hour. */
    static final long MAX_REFILL_TIME = 3_600_000;

    private static final OptionType<Long> COUNT = OptionTypes.size();
    private static final Option<TokenBucketConfig, Long> SIZE =
            Option.of("size", COUNT, 0L, TokenBucketConfig::size, "bytes or operations");
    private static final Option<TokenBucketConfig, Optional<Long>> BURST = Option.of(
            "one_time_burst",
            OptionTypes.optional(COUNT),
            Optional.empty(),
            TokenBucketConfig::oneTimeBurst,
            "beyond that, once");
    private static final Option<TokenBucketConfig, Long> REFILL =
            Option.of("refill_time", COUNT, 0L, TokenBucketConfig::refillTime, "milliseconds until it is full again");

    /** JSON. */
    public static final OptionTable<TokenBucketConfig> TABLE = OptionTable.of(
                    "TokenBucket",
                    v -> new TokenBucketConfig(v.get(SIZE), v.get(BURST), v.get(REFILL)),
                    SIZE,
                    BURST,
                    REFILL)
            .required("size", "refill_time");

    /** As keys of a flag. @param prefix of the keys, {@code bw} or {@code ops} */
    String keys(String prefix) {
        return prefix + "_size=" + size
                + oneTimeBurst
                        .map(burst -> "," + prefix + "_one_time_burst=" + burst)
                        .orElse("")
                + "," + prefix + "_refill_time=" + refillTime;
    }
}
