import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** A manual page, in the macros of man(7), of a program's model. */
final class ManualPage {
    /** Of programs that say nothing else. */
    private static final Map<String, String> EXIT_STATUS = new TreeMap<>(Map.of(
            "0", "it did what it was asked to",
            "1", "something failed; a line on standard error says what",
            "2", "it was asked for something that cannot be; a line says what, and what to do"));

    private final CommandSpec command;
    private final String name;
    private final int section;
    private final List<String> related;
    private final StringBuilder page = new StringBuilder();

    private ManualPage(CommandSpec command, int section, List<String> related) {
        this.command = command;
        this.name = title(command);
        this.section = section;
        this.related = related;
    }

    /** What the page of a command is called: {@code ringfence-run}. */
    static String title(CommandSpec command) {
        return command.name().replace(' ', '-');
    }

    /**
     * The text of a page.
     *
     * @param section 1 for users' programs, 8 for daemons
     * @param date of the release, year first
     * @param related other pages, such as {@code ringfence(1)}
     */
    static String of(CommandSpec command, int section, String date, String version, List<String> related) {
        return new ManualPage(command, section, related).write(date, version);
    }

    private String write(String date, String version) {
        macro(".TH " + name.toUpperCase(Locale.ROOT) + " " + section + " " + date + " \"Ringfence " + version + "\"");
        String[] description = command.usageMessage().description();
        macro(".SH NAME");
        text(name + " \\- " + sentence(description));
        macro(".SH SYNOPSIS");
        synopsis();
        macro(".SH DESCRIPTION");
        paragraphs(description);
        if (!command.options().isEmpty()) {
            macro(".SH OPTIONS");
            command.options().forEach(this::option);
        }
        List<CommandSpec> commands = command.subcommands().values().stream()
                .map(CommandLine::getCommandSpec)
                .toList();
        if (!commands.isEmpty()) {
            macro(".SH COMMANDS");
            commands.forEach(this::command);
        }
        exitStatus();
        examples();
        macro(".SH SEE ALSO");
        text(related.stream()
                .filter(other -> !other.equals(name + "(" + section + ")"))
                .map(ManualPage::reference)
                .collect(Collectors.joining(", ")));
        return page.toString();
    }

    private static String reference(String page) {
        int bracket = page.indexOf('(');
        return "\\fB" + escaped(page.substring(0, bracket)) + "\\fR" + page.substring(bracket);
    }

    /** The first sentence, without its full stop. */
    private static String sentence(String... description) {
        return escaped(plain(description[0]).replaceAll("\\.$", ""));
    }

    private void synopsis() {
        String end = command.subcommands().isEmpty() ? "" : " \\fIcommand\\fR [...]";
        text("\\fB" + escaped(command.name()) + "\\fR" + (command.options().isEmpty() ? "" : " [\\fIoptions\\fR]")
                + end);
    }

    private void option(OptionSpec option) {
        String names = Stream.of(option.names())
                .map(one -> "\\fB" + escaped(one) + "\\fR")
                .collect(Collectors.joining(", "));
        item(names + (option.arity().max() == 0 ? "" : " " + value(option)));
        descriptionOf(option);
    }

    private static String value(ArgSpec argument) {
        return "\\fI" + escaped(argument.paramLabel()) + "\\fR"
                + (argument.isMultiValue() && argument.arity().max() > 1 ? " ..." : "");
    }

    /** Its lines; of those that say what a key is, a list. */
    private void descriptionOf(ArgSpec argument) {
        List<String> keys = new ArrayList<>();
        if (argument.completionCandidates() != null) {
            argument.completionCandidates().forEach(keys::add);
        }
        boolean inKeys = false;
        for (String line : argument.description()) {
            String text = plain(line);
            boolean key = keys.stream().anyMatch(one -> text.startsWith(one + "  "));
            if (!key) {
                text(escaped(text));
                continue;
            }
            if (!inKeys) {
                macro(".RS");
                inKeys = true;
            }
            int end = text.indexOf("  ");
            item("\\fB" + escaped(text.substring(0, end)) + "\\fR");
            text(escaped(text.substring(end).strip()));
        }
        if (inKeys) {
            macro(".RE");
        }
    }

    private void command(CommandSpec sub) {
        StringBuilder head = new StringBuilder("\\fB" + escaped(sub.name()) + "\\fR");
        sub.positionalParameters().forEach(word -> head.append(' ').append(value(word)));
        boolean hasPage = Documents.hasPage(sub);
        if (hasPage) {
            head.append(" [...]");
        }
        item(head.toString());
        text(escaped(Stream.of(sub.usageMessage().description())
                .map(ManualPage::plain)
                .collect(Collectors.joining(" "))));
        if (hasPage) {
            text("See " + reference(title(sub) + "(" + section + ")") + ".");
            return;
        }
        sub.positionalParameters().forEach((PositionalParamSpec word) -> descriptionOf(word));
        if (!sub.options().isEmpty()) {
            macro(".RS");
            sub.options().forEach(this::option);
            macro(".RE");
        }
    }

    private void exitStatus() {
        macro(".SH EXIT STATUS");
        Map<String, String> own = command.usageMessage().exitCodeList();
        (own.isEmpty() ? EXIT_STATUS : own).forEach((code, meaning) -> {
            item("\\fB" + code + "\\fR");
            text(escaped(plain(meaning)));
        });
    }

    private void examples() {
        String[] lines = command.usageMessage().footer();
        if (lines.length == 0) {
            return;
        }
        macro(".SH EXAMPLES");
        macro(".nf");
        Stream.of(lines).map(ManualPage::plain).forEach(line -> text(escaped(line.replaceFirst("^ {2}", ""))));
        macro(".fi");
    }

    private void paragraphs(String... lines) {
        Stream.of(lines).map(ManualPage::plain).forEach(line -> text(escaped(line)));
    }

    private void item(String head) {
        macro(".TP");
        text(head);
    }

    private void macro(String line) {
        page.append(line).append('\n');
    }

    /** A line of text, which may not begin as a macro does. */
    private void text(String line) {
        page.append(line.startsWith(".") || line.startsWith("'") ? "\\&" : "")
                .append(line)
                .append('\n');
    }

    /** Without picocli's percent signs. */
    private static String plain(String line) {
        return line.replace("%n", "").replace("%%", "%");
    }

    /** As roff takes it literally. */
    private static String escaped(String text) {
        return text.replace("\\", "\\e").replace("-", "\\-");
    }
}
