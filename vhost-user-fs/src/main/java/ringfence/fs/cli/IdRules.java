package ringfence.fs.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import ringfence.fs.share.IdMap;

/**
 * The syntax of {@code --translate-uid} and {@code --translate-gid}, virtiofsd's: {@code TYPE:FROM:TO:COUNT} with
 * {@code guest}, {@code host}, {@code map}, {@code squash-guest} or {@code squash-host}, and {@code forbid-guest:FROM:COUNT}.
 */
final class IdRules {
    private static final long IDS = 1L << 32;
    /** More are more than a long holds. */
    private static final int MAX_DIGITS = 18;

    private IdRules() {}

    /** @throws IllegalArgumentException with one line for the user */
    static IdMap parse(String option, List<String> texts) {
        List<IdMap.Rule> rules = new ArrayList<>();
        for (String text : texts) {
            IdMap.Rule rule = rule(option, text);
            if (rules.stream().anyMatch(rule::isAboutTheSame)) {
                throw new IllegalArgumentException(
                        option + "=" + text + ": another rule is about some of these ids, give each id once");
            }
            rules.add(rule);
        }
        return rules.isEmpty() ? IdMap.IDENTITY : new IdMap(rules);
    }

    private static IdMap.Rule rule(String option, String text) {
        String[] parts = text.split(":", -1);
        IdMap.Kind kind = kind(option, text, parts[0]);
        boolean forbids = kind == IdMap.Kind.FORBID_GUEST;
        if (parts.length != (forbids ? 3 : 4)) {
            throw wrong(option, text);
        }
        long from = number(option, text, parts[1]);
        long to = forbids ? from : number(option, text, parts[2]);
        long count = number(option, text, parts[parts.length - 1]);
        boolean squashes = kind == IdMap.Kind.SQUASH_GUEST || kind == IdMap.Kind.SQUASH_HOST;
        if (count < 1
                || count > IDS
                || from >= IDS
                || from + count > IDS
                || !squashes && to + count > IDS
                || to >= IDS) {
            throw new IllegalArgumentException(option + "=" + text + ": ids are 0 to 4294967295, at least one");
        }
        return new IdMap.Rule(kind, from, to, count);
    }

    private static IdMap.Kind kind(String option, String text, String name) {
        for (IdMap.Kind kind : IdMap.Kind.values()) {
            if (kind.name().toLowerCase(Locale.ROOT).replace('_', '-').equals(name)) {
                return kind;
            }
        }
        throw wrong(option, text);
    }

    private static long number(String option, String text, String digits) {
        if (!digits.matches("[0-9]+")) {
            throw wrong(option, text);
        }
        return digits.length() > MAX_DIGITS ? IDS : Long.parseLong(digits);
    }

    private static IllegalArgumentException wrong(String option, String text) {
        return new IllegalArgumentException(
                option + "=" + text + ": give guest, host, map, squash-guest or squash-host with :FROM:TO:COUNT, or"
                        + " forbid-guest:FROM:COUNT");
    }
}
