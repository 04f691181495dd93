package ringfence.vmm.config;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import ringfence.option.Option;
import ringfence.option.OptionTypes;

/**
 * Where a device sits on PCI.
 *
 * @param segment its PCI segment
 * @param device its number there, 0 to 31; empty: the first that is free
 */
public record PciPlace(int segment, OptionalInt device) {
    /** Wherever there is room on segment 0. */
    public static final PciPlace ANY = new PciPlace(0, OptionalInt.empty());

    /** Wherever there is room on that segment. */
    PciPlace on(int other) {
        return new PciPlace(other, device);
    }

    static PciPlace of(int segment, Optional<Integer> device) {
        return new PciPlace(segment, device.map(OptionalInt::of).orElseGet(OptionalInt::empty));
    }

    /** The option of the record that has its place there. */
    static <R> Option<R, Integer> segmentOption(Function<R, PciPlace> place) {
        return Option.of(
                "pci_segment",
                OptionTypes.integer(0, PlatformConfig.MOST_SEGMENTS - 1),
                0,
                record -> place.apply(record).segment,
                "PCI segment");
    }

    /** The option of the record that has its place there. */
    static <R> Option<R, Optional<Integer>> deviceOption(Function<R, PciPlace> place) {
        return Option.of(
                "pci_device_id",
                OptionTypes.optional(OptionTypes.integer(0, 31)),
                Optional.empty(),
                record -> place.apply(record).device.stream().boxed().findFirst(),
                "PCI device number; the first that is free");
    }

    /**
     * The option of its name of a device that a machine has once at most, and that need not be named.
     *
     * @param usual its name where none is given
     */
    static <R> Option<R, Optional<String>> idOption(Function<R, String> id, String usual) {
        return Option.of(
                "id",
                OptionTypes.optional(OptionTypes.text("text")),
                Optional.empty(),
                record -> Optional.of(id.apply(record)).filter(name -> !name.equals(usual)),
                "a unique name; " + usual);
    }

    /** Adds what is wrong with it on a machine of so many segments. */
    void check(int segments, List<Problem> problems) {
        if (segment >= segments) {
            problems.add(new Problem(
                    "pci_segment",
                    segment + " is not there, the last is " + (segments - 1) + ": give --platform num_pci_segments="
                            + (segment + 1)));
        }
        if (segment == 0 && device.isPresent() && device.getAsInt() == 0) {
            problems.add(new Problem("pci_device_id", "0 is the host bridge on segment 0: give 1 to 31"));
        }
    }
}
