package ringfence.vmm.config;

import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import ringfence.option.Option;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;

/**
 * Limits of a device's traffic.
 *
 * @param bandwidth in bytes
 * @param ops in operations
 */
public record RateLimiterConfig(Optional<TokenBucketConfig> bandwidth, Optional<TokenBucketConfig> ops) {
    private static final OptionType<Optional<TokenBucketConfig>> BUCKET =
            OptionTypes.optional(OptionTypes.record(TokenBucketConfig.TABLE));
    private static final Option<RateLimiterConfig, Optional<TokenBucketConfig>> BANDWIDTH =
            Option.of("bandwidth", BUCKET, Optional.empty(), RateLimiterConfig::bandwidth, "in bytes");
    private static final Option<RateLimiterConfig, Optional<TokenBucketConfig>> OPS =
            Option.of("ops", BUCKET, Optional.empty(), RateLimiterConfig::ops, "in operations");

    /** JSON. */
    public static final OptionTable<RateLimiterConfig> TABLE = OptionTable.of(
            "RateLimiterConfig", v -> new RateLimiterConfig(v.get(BANDWIDTH), v.get(OPS)), BANDWIDTH, OPS);

    /** Those that limit something; none where neither is given. */
    static Optional<RateLimiterConfig> of(Optional<TokenBucketConfig> bandwidth, Optional<TokenBucketConfig> ops) {
        return bandwidth.isPresent() || ops.isPresent()
                ? Optional.of(new RateLimiterConfig(bandwidth, ops))
                : Optional.empty();
    }

    /**
     * The bucket of three keys of a flag; none where none is given.
     *
     * @param prefix of the keys, {@code bw} or {@code ops}
     * @throws OptionException if size or time lacks
     */
    static Optional<TokenBucketConfig> bucket(
            String prefix, Optional<Long> size, Optional<Long> burst, Optional<Long> refill) {
        if (size.isEmpty() && burst.isEmpty() && refill.isEmpty()) {
            return Optional.empty();
        }
        if (size.isEmpty() || refill.isEmpty()) {
            String lacks = prefix + (size.isEmpty() ? "_size" : "_refill_time");
            throw new OptionException(lacks + ": is missing beside the other " + prefix + "_ keys: give it too");
        }
        return Optional.of(new TokenBucketConfig(size.get(), burst, refill.get()));
    }

    /** What is wrong with it. */
    void check(List<Problem> problems) {
        check("bw", bandwidth, problems);
        check("ops", ops, problems);
    }

    /** As keys of a flag: {@code bw_size=...,bw_refill_time=...}. */
    public String keys() {
        StringJoiner text = new StringJoiner(",");
        bandwidth.ifPresent(bucket -> text.add(bucket.keys("bw")));
        ops.ifPresent(bucket -> text.add(bucket.keys("ops")));
        return text.toString();
    }

    private static void check(String prefix, Optional<TokenBucketConfig> bucket, List<Problem> problems) {
        bucket.ifPresent(b -> {
            if (b.size() == 0 || b.refillTime() == 0) {
                String zero = prefix + (b.size() == 0 ? "_size" : "_refill_time");
                problems.add(new Problem(
                        zero, "is 0, nothing would ever pass: give more, or leave " + prefix + "_ keys out"));
            } else if (b.size() > TokenBucketConfig.MAX_SIZE || b.refillTime() > TokenBucketConfig.MAX_REFILL_TIME) {
                boolean large = b.size() > TokenBucketConfig.MAX_SIZE;
                problems.add(new Problem(
                        prefix + (large ? "_size" : "_refill_time"),
                        "is above "
                                + (large ? TokenBucketConfig.MAX_SIZE : TokenBucketConfig.MAX_REFILL_TIME)
                                + ": give less, or leave the " + prefix + "_ keys out"));
            }
        });
    }
}
