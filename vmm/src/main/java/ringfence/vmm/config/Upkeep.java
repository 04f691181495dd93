package ringfence.vmm.config;

import java.util.Optional;
import java.util.function.Function;
import ringfence.option.Option;
import ringfence.option.OptionException;
import ringfence.option.OptionTypes;

/**
 * What the VMM does to keep a device served, beside replacing a daemon that has died.
 *
 * @param onHang what becomes of a daemon of the VMM's that hangs; empty: it is replaced if it gives no sign of life
 * @param standby whether another daemon waits to take over; empty: none does
 */
public record Upkeep(Optional<OnHang> onHang, Optional<Boolean> standby) {
    /** What becomes of a daemon that hangs. */
    public enum OnHang implements OptionTypes.Choice {
        /** It is told, and left alone. */
        REPORT,
        /** It is told, and after a while killed and replaced. */
        REPLACE
    }

    /**
     * Checked.
     *
     * @param ours whether the VMM starts the daemon, for this device alone
     */
    static Upkeep of(Optional<OnHang> onHang, Optional<Boolean> standby, boolean ours) {
        if (!ours && onHang.filter(what -> what == OnHang.REPLACE).isPresent()) {
            throw new OptionException(
                    "on_hang: the VMM ends no process that it has not started for this device: leave it out, or say"
                            + " report");
        }
        if (!ours && standby.orElse(false)) {
            throw new OptionException(
                    "standby: only for a daemon that the VMM starts for this device: leave it out, its starter may"
                            + " keep one");
        }
        return new Upkeep(onHang, standby);
    }

    /** The option of the record that has its upkeep there. */
    static <R> Option<R, Optional<OnHang>> onHangOption(Function<R, Upkeep> upkeep) {
        return Option.of(
                "on_hang",
                OptionTypes.optional(OptionTypes.choice(OnHang.class)),
                Optional.empty(),
                record -> upkeep.apply(record).onHang,
                "a daemon of the VMM's that hangs is killed and replaced, or only told of (replaced if it gives no"
                        + " sign of life)");
    }

    /** The option of the record that has its upkeep there. */
    static <R> Option<R, Optional<Boolean>> standbyOption(Function<R, Upkeep> upkeep) {
        return Option.of(
                "standby",
                OptionTypes.optional(OptionTypes.toggle()),
                Optional.empty(),
                record -> upkeep.apply(record).standby,
                "a second daemon waits to take over from one that dies (off)");
    }

    /** Whether a daemon of the VMM's that gives no sign of life is replaced. */
    public boolean replacesSilent() {
        return onHang.orElse(OnHang.REPLACE) == OnHang.REPLACE;
    }

    /** Whether one is that lives, and has a queue that does not get on: its disk may be slow, so that has to be said. */
    public boolean replacesStuck() {
        return onHang.isPresent() && replacesSilent();
    }

    /** Whether another daemon waits. */
    public boolean keepsStandby() {
        return standby.orElse(false);
    }
}
