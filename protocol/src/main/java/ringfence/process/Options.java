package ringfence.process;

import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * The options of a program, for picocli, told one by one in the order of its help. Annotations would say the same, but a start
 * reads them by reflection, for which the JDK makes a dozen classes that no cache holds.
 */
public final class Options {
    private final CommandSpec spec;

    /**
     * None yet.
     *
     * @param run what the program does with them; its result is the exit code
     * @param examples lines at the end of its help
     */
    public Options(String name, String description, Callable<Integer> run, String... examples) {
        spec = CommandSpec.wrapWithoutInspection(run).name(name).versionProvider(() ->
                new String[] {name + ' ' + Version.NUMBER});
        spec.usageMessage()
                .description(description)
                .sortOptions(false)
                .footerHeading("%nExamples:%n")
                .footer(examples);
    }

    /** An option that has at most one value. */
    public static final class Text {
        private final OptionSpec option;

        private Text(OptionSpec option) {
            this.option = option;
        }

        /** What was given, or what holds otherwise; empty: neither. */
        public Optional<String> value() {
            return Optional.ofNullable(option.getValue());
        }

        /** The same, of one that has something that holds otherwise. */
        public String get() {
            return value().orElseThrow();
        }
    }

    /** An option whose value is a number. */
    public static final class Number {
        private final OptionSpec option;

        private Number(OptionSpec option) {
            this.option = option;
        }

        /** What was given, or what holds otherwise; empty: neither. */
        public OptionalInt value() {
            Integer value = option.getValue();
            return value == null ? OptionalInt.empty() : OptionalInt.of(value);
        }

        /** The same, of one that has something that holds otherwise. */
        public int get() {
            return value().orElseThrow();
        }
    }

    /** An option that may be repeated. */
    public static final class Several<T> {
        private final OptionSpec option;

        private Several(OptionSpec option) {
            this.option = option;
        }

        /** What was given, in that order. */
        public List<T> values() {
            List<T> values = option.getValue();
            return values == null ? List.of() : List.copyOf(values);
        }
    }

    /** An option without a value. */
    public static final class Flag {
        private final OptionSpec option;

        private Flag(OptionSpec option) {
            this.option = option;
        }

        /** Whether it was given. */
        public boolean isGiven() {
            return Boolean.TRUE.equals(option.getValue());
        }
    }

    /** One more, nothing by itself. */
    public Text text(String name, String label, String description) {
        return new Text(add(builder(name, label, description).type(String.class)));
    }

    /** One more. @param otherwise what holds if it is not given; in its description, {@code ${DEFAULT-VALUE}} */
    public Text text(String name, String label, String otherwise, String description) {
        return new Text(add(builder(name, label, description).type(String.class).defaultValue(otherwise)));
    }

    /** One more, nothing by itself. */
    public Number number(String name, String label, String description) {
        return new Number(add(builder(name, label, description).type(Integer.class)));
    }

    /** One more. @param otherwise what holds if it is not given; in its description, {@code ${DEFAULT-VALUE}} */
    public Number number(String name, String label, int otherwise, String description) {
        return new Number(
                add(builder(name, label, description).type(int.class).defaultValue(Integer.toString(otherwise))));
    }

    /** One more. */
    public Several<String> texts(String name, String label, String description) {
        return new Several<>(
                add(builder(name, label, description).type(List.class).auxiliaryTypes(String.class)));
    }

    /** One more, whose values may also stand in one word, with commas. */
    public Several<String> words(String name, String label, String description) {
        return new Several<>(add(builder(name, label, description)
                .type(List.class)
                .auxiliaryTypes(String.class)
                .splitRegex(",")));
    }

    /** One more. */
    public Several<Integer> numbers(String name, String label, String description) {
        return new Several<>(
                add(builder(name, label, description).type(List.class).auxiliaryTypes(Integer.class)));
    }

    /** One more. */
    public Flag flag(String name, String description) {
        return new Flag(add(OptionSpec.builder(name).description(description).type(boolean.class)));
    }

    private static OptionSpec.Builder builder(String name, String label, String description) {
        return OptionSpec.builder(name).paramLabel(label).description(description);
    }

    private OptionSpec add(OptionSpec.Builder builder) {
        OptionSpec option = builder.build();
        spec.addOption(option);
        return option;
    }

    /** The words that were parsed. */
    public List<String> given() {
        return spec.commandLine().getParseResult().originalArgs();
    }

    /** To parse and run them once; --help and --version come behind them. */
    public CommandLine commandLine() {
        spec.addOption(OptionSpec.builder("-h", "--help")
                .usageHelp(true)
                .description("Show this help message and exit.")
                .build());
        spec.addOption(OptionSpec.builder("-V", "--version")
                .versionHelp(true)
                .description("Print version information and exit.")
                .build());
        return new CommandLine(spec);
    }
}
