package ringfence.vmm.config;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Numbers of users, and groups of the same numbers, that daemons get.
 *
 * @param first at least 1
 * @param last of them, at least the first, at most 2^31 - 1
 */
public record UserRange(int first, int last) {
    /** nobody, who is somebody else's, too. */
    private static final int NOBODY = 65534;

    private static final Pattern TEXT = Pattern.compile("([0-9]{1,10})-([0-9]{1,10})");

    /** The range of {@code FIRST-LAST}; empty: that is none. */
    public static Optional<UserRange> parse(String text) {
        Matcher matcher = TEXT.matcher(text);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long first = Long.parseLong(matcher.group(1));
        long last = Long.parseLong(matcher.group(2));
        boolean possible = first > 0 && first <= last && last <= Integer.MAX_VALUE && (first > NOBODY || last < NOBODY);
        return possible ? Optional.of(new UserRange((int) first, (int) last)) : Optional.empty();
    }

    /** {@code FIRST-LAST}. */
    @Override
    public String toString() {
        return first + "-" + last;
    }
}
