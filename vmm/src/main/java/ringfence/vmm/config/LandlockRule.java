package ringfence.vmm.config;

import ringfence.option.Option;
import ringfence.option.OptionTable;
import ringfence.option.OptionTypes;

/**
 * What a VMM with {@code --landlock} may reach beside what its options name ({@code --landlock-rules}).
 *
 * @param path a file, or a folder and all below it
 * @param access what may be done with it
 */
public record LandlockRule(String path, Access access) {
    /** To read files and list folders; to write, make, rename and remove them; or both. */
    public enum Access implements OptionTypes.Choice {
        R,
        W,
        RW
    }

    private static final Option<LandlockRule, String> PATH =
            Option.of("path", OptionTypes.text("path"), "", LandlockRule::path, "a file, or a folder and all below it");
    private static final Option<LandlockRule, Access> ACCESS = Option.of(
            "access", OptionTypes.choice(Access.class), Access.RW, LandlockRule::access, "what may be done with it");

    /** Flags and help. */
    public static final OptionTable<LandlockRule> TABLE = OptionTable.of(
                    "LandlockConfig", v -> new LandlockRule(v.get(PATH), v.get(ACCESS)), PATH, ACCESS)
            .required("path", "access");
}
