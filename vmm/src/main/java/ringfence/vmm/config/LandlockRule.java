package ringfence.vmm.config;

import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
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
        RW;

        @Override
        public String jsonName() {
            return word();
        }

        boolean reads() {
            return this != W;
        }

        boolean writes() {
            return this != R;
        }
    }

    private static final Option<LandlockRule, String> PATH =
            Option.of("path", OptionTypes.text("path"), "", LandlockRule::path, "a file, or a folder and all below it");
    private static final Option<LandlockRule, Access> ACCESS = Option.of(
            "access", OptionTypes.choice(Access.class), Access.RW, LandlockRule::access, "what may be done with it");

    /** Flags, JSON and help. */
    public static final OptionTable<LandlockRule> TABLE = OptionTable.of(
                    "LandlockConfig", v -> new LandlockRule(v.get(PATH), v.get(ACCESS)), PATH, ACCESS)
            .required("path", "access");

    /** Whether these allow all of it. */
    boolean isCovered(List<LandlockRule> rules) {
        Path wanted;
        try {
            wanted = absolute(path);
        } catch (InvalidPathException _) {
            return false;
        }
        List<LandlockRule> above = rules.stream()
                .filter(rule -> wanted.startsWith(absolute(rule.path)))
                .toList();
        return (!access.reads() || above.stream().anyMatch(rule -> rule.access.reads()))
                && (!access.writes() || above.stream().anyMatch(rule -> rule.access.writes()));
    }

    private static Path absolute(String path) {
        return Path.of(path).toAbsolutePath().normalize();
    }
}
