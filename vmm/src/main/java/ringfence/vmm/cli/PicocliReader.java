package ringfence.vmm.cli;

import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.UnmatchedArgumentException;
import ringfence.option.OptionTable;
import ringfence.process.BadInputException;

/** Reads a command line with picocli, whose model is built from {@link Flags}. */
final class PicocliReader {
    /** Before them, at the end of a help. */
    static final String EXAMPLES = "%nExamples:%n";

    private static final String HELP = "--help";
    private static final String VERSION = "--version";

    private PicocliReader() {}

    /** The model of a command that runs a VM. */
    static CommandLine runModel(String name, String... version) {
        CommandSpec spec = CommandSpec.create().name(name);
        spec.usageMessage()
                .description("Runs a virtual machine.")
                .sortOptions(false)
                .width(100)
                .abbreviateSynopsis(true)
                .exitCodeListHeading("%nExit status:%n")
                .exitCodeList(exitStatus())
                .footerHeading(EXAMPLES)
                .footer(
                        "  " + name + " --kernel vmlinuz --cmdline 'console=ttyS0 root=/dev/vda' \\",
                        "    --disk path=root.img --net switch=lan --serial tty --console off",
                        "  " + name + " --kernel vmlinuz --initramfs initrd.img --cpus boot=2 --memory size=2G \\",
                        "    --fs tag=work,path=/srv/work --api-socket /run/vm.sock");
        spec.version(version);
        for (Flag flag : Flags.list()) {
            spec.addOption(option(flag));
        }
        spec.addOption(OptionSpec.builder("-V", VERSION)
                .versionHelp(true)
                .description("print the version")
                .build());
        spec.addOption(OptionSpec.builder("-h", HELP)
                .usageHelp(true)
                .description("print this help")
                .build());
        return new CommandLine(spec).setUnmatchedOptionsAllowedAsOptionParameters(false); // --disk path=x --dsik path=y
    }

    private static Map<String, String> exitStatus() {
        Map<String, String> meanings = new LinkedHashMap<>();
        meanings.put("0", "the guest has powered off, or the VMM was told to end");
        meanings.put("1", "something failed; a line says what");
        meanings.put("2", "it was asked for something that cannot be; a line says what, and what to do");
        meanings.put("3", "the guest's kernel has panicked, and has said so");
        meanings.put("4", "a processor of the guest has shut down by a triple fault");
        return meanings;
    }

    private static OptionSpec option(Flag flag) {
        List<String> help = new ArrayList<>(flag.help());
        Optional<OptionTable<?>> keys = Flags.table(flag);
        keys.ifPresent(table -> help.addAll(table.help()));
        OptionSpec.Builder builder = OptionSpec.builder(flag.name())
                // a percent sign begins a variable of picocli's
                .description(help.stream().map(line -> line.replace("%", "%%")).toArray(String[]::new));
        keys.ifPresent(table -> builder.completionCandidates(Manual.keys(table)));
        if (!flag.hasValue()) {
            builder.arity("0").type(flag.repeats() ? boolean[].class : boolean.class);
        } else if (flag.repeats()) {
            builder.arity("1..*").type(String[].class).paramLabel(flag.label());
        } else {
            builder.arity("1").type(String.class).paramLabel(flag.label());
        }
        return builder.build();
    }

    /** Reads the words of a command that runs a VM. See {@link #read}. */
    static Optional<Arguments> readRun(String name, String[] version, List<String> words, PrintStream out) {
        LaterFlags.refuse(words);
        return read(runModel(name, version), words, out);
    }

    /**
     * Reads the words.
     *
     * @return what was written; empty: it was a question, which has been answered on {@code out}
     * @throws BadInputException one line on what cannot be
     */
    static Optional<Arguments> read(CommandLine command, List<String> words, PrintStream out) {
        return parse(command, words, out).map(PicocliReader::arguments);
    }

    /** As {@link #read}, for a command with a model of its own. */
    static Optional<ParseResult> parse(CommandLine command, List<String> words, PrintStream out) {
        ParseResult result;
        try {
            result = command.parseArgs(words.toArray(String[]::new));
        } catch (ParameterException e) {
            throw new BadInputException(line(e), e);
        }
        if (result.isUsageHelpRequested()) {
            command.usage(out);
            return Optional.empty();
        }
        if (result.isVersionHelpRequested()) {
            command.printVersionHelp(out);
            return Optional.empty();
        }
        return Optional.of(result);
    }

    private static Arguments arguments(ParseResult result) {
        Arguments arguments = new Arguments();
        for (Flag flag : Flags.list()) {
            OptionSpec option = result.matchedOption(flag.name());
            if (option != null) {
                values(flag, option).forEach(value -> arguments.add(flag, value));
            }
        }
        return arguments;
    }

    private static List<String> values(Flag flag, OptionSpec option) {
        if (flag.hasValue()) {
            return option.stringValues();
        }
        boolean[] times = flag.repeats() ? option.getValue() : new boolean[1];
        return Collections.nCopies(times.length, "");
    }

    /** What picocli has to say, and what was perhaps meant. */
    private static String line(ParameterException e) {
        String line = e.getMessage().replace('\n', ' ');
        if (e instanceof UnmatchedArgumentException unmatched
                && !unmatched.getSuggestions().isEmpty()) {
            line += "; did you mean " + String.join(" or ", unmatched.getSuggestions()) + "?";
        }
        return line + " (" + HELP + " lists what is possible)";
    }
}
