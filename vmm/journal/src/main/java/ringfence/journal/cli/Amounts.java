package ringfence.journal.cli;

import java.time.Duration;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Amounts as people write them. Errors are {@link IllegalArgumentException}s of one line. */
final class Amounts {
    private static final Pattern FORM = Pattern.compile("([1-9][0-9]{0,8})([smhdKMG])");
    private static final Map<String, Long> SECONDS = Map.of("s", 1L, "m", 60L, "h", 3600L, "d", 86_400L);
    private static final Map<String, Integer> SHIFTS = Map.of("K", 10, "M", 20, "G", 30);

    private Amounts() {}

    /** Such as {@code 90s}, {@code 10m}, {@code 2h}, {@code 14d}. */
    static Duration time(String option, String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches() || !SECONDS.containsKey(matcher.group(2))) {
            throw new IllegalArgumentException(option + " is '" + text + "': give a time such as 90s, 10m, 2h or 14d");
        }
        return Duration.ofSeconds(Long.parseLong(matcher.group(1)) * SECONDS.get(matcher.group(2)));
    }

    /** Such as {@code 64M}. */
    static long bytes(String option, String text) {
        Matcher matcher = FORM.matcher(text);
        if (!matcher.matches() || !SHIFTS.containsKey(matcher.group(2))) {
            throw new IllegalArgumentException(option + " is '" + text + "': give a size such as 512K, 64M or 1G");
        }
        return Long.parseLong(matcher.group(1)) << SHIFTS.get(matcher.group(2));
    }
}
