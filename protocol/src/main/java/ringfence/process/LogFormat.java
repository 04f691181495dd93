package ringfence.process;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How a line of the log is put together: text, and words in braces for what belongs to a record, as Cloud Hypervisor's
 * {@code --log-format} has them. Immutable; any thread.
 */
public final class LogFormat {
    private static final DateTimeFormatter GLOG = DateTimeFormatter.ofPattern("MMdd HH:mm:ss.SSSSSS", Locale.ROOT);

    /** What a word in braces stands for. */
    private enum Word {
        /** Seconds since the process was told how to log. */
        BOOTTIME,
        /** As {@code 2026-11-25T05:01:36.123Z}. */
        WALLCLOCK,
        /** As {@code W1125 05:01:36.123000}, UTC. */
        GLOG,
        /** The same, local time. */
        LOCALGLOG,
        THREAD,
        LEVEL,
        /** Which part of the program. */
        LOCATION,
        MSG;

        String word() {
            return '{' + name().toLowerCase(Locale.ROOT) + '}';
        }
    }

    /** Text before a word; the last one has none. */
    private record Part(String before, Optional<Word> word) {}

    private final List<Part> parts;

    private LogFormat(List<Part> parts) {
        this.parts = List.copyOf(parts);
    }

    /**
     * Reads one.
     *
     * @throws BadInputException if a word is none of those that there are, or the message is missing
     */
    public static LogFormat of(String template) {
        List<Part> parts = new ArrayList<>();
        int done = 0;
        for (int open = template.indexOf('{'); open >= 0; open = template.indexOf('{', done)) {
            int close = template.indexOf('}', open);
            String word = template.substring(open, close < 0 ? template.length() : close + 1);
            Word known = Arrays.stream(Word.values())
                    .filter(one -> one.word().equals(word))
                    .findFirst()
                    .orElseThrow(() -> new BadInputException(
                            "--log-format '" + word + "' stands for nothing: known are " + words()));
            parts.add(new Part(template.substring(done, open), Optional.of(known)));
            done = open + word.length();
        }
        parts.add(new Part(template.substring(done), Optional.empty()));
        if (parts.stream().noneMatch(part -> part.word().equals(Optional.of(Word.MSG)))) {
            throw new BadInputException("--log-format lacks {msg}: without it nothing is said");
        }
        return new LogFormat(parts);
    }

    private static String words() {
        return Arrays.stream(Word.values()).map(Word::word).collect(Collectors.joining(", "));
    }

    /** A record's line, without a line end. @param since when the process began, milliseconds since 1970 */
    String line(LogRecord entry, long since) {
        StringBuilder line = new StringBuilder();
        for (Part part : parts) {
            line.append(part.before());
            part.word().ifPresent(word -> line.append(text(word, entry, since)));
        }
        return line.toString();
    }

    private static String text(Word word, LogRecord entry, long since) {
        return switch (word) {
            case BOOTTIME -> String.format(Locale.ROOT, "%.3f", (entry.epochMillis() - since) / 1000.0);
            case WALLCLOCK -> entry.when();
            case GLOG -> glog(entry, ZoneOffset.UTC);
            case LOCALGLOG -> glog(entry, ZoneId.systemDefault());
            case THREAD -> entry.thread();
            case LEVEL -> entry.level().name().toUpperCase(Locale.ROOT);
            case LOCATION -> entry.source();
            case MSG -> entry.message();
        };
    }

    private static String glog(LogRecord entry, ZoneId zone) {
        return entry.level().name().toUpperCase(Locale.ROOT).charAt(0)
                + GLOG.format(LocalDateTime.ofInstant(Instant.ofEpochMilli(entry.epochMillis()), zone));
    }
}
