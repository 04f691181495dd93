package ringfence.vmm.cli;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import ringfence.option.OptionTable;

/**
 * What may be written to this module's programs, for the manual pages and completions that the build makes of it. In an
 * option of keys, such as {@code --disk}, each key is a completion candidate and the beginning of a line of the description.
 */
public final class Manual {
    private Manual() {}

    /** The models; commands are sub-commands there. */
    public static List<CommandLine> programs() {
        CommandLine ringfence = RingfenceCommand.model();
        CommandLine ctl = ringfence.getSubcommands().get(RingfenceCommand.CTL);
        commands(ctl.getCommandSpec(), RemoteVerbs.served());
        CommandSpec remote = ChRemoteCommand.model();
        commands(remote, RemoteVerbs.all());
        return List.of(ringfence, CloudHypervisorCommand.model(), new CommandLine(remote));
    }

    /** A table's keys, as its help has them before two blanks: {@code readonly=on|off}. */
    static List<String> keys(OptionTable<?> table) {
        return table.help().stream()
                .map(line -> line.substring(0, line.indexOf("  ")))
                .toList();
    }

    private static void commands(CommandSpec program, List<RemoteVerbs.Verb> verbs) {
        for (RemoteVerbs.Verb verb : verbs) {
            CommandSpec command = CommandSpec.create().name(verb.name());
            command.usageMessage().description(verb.help());
            switch (verb.words()) {
                case RemoteWords.Nothing _ -> {}
                case RemoteWords.Flags flags ->
                    flags.options()
                            .forEach(option -> command.addOption(OptionSpec.builder(option.flag())
                                    .arity("1")
                                    .type(String.class)
                                    .paramLabel("<value>")
                                    .description("the body's " + option.field())
                                    .build()));
                case RemoteWords.Options<?> options ->
                    command.addPositional(word(options)
                            .completionCandidates(keys(options.table()))
                            .build());
                case RemoteWords word -> command.addPositional(word(word).build());
            }
            program.addSubcommand(verb.name(), new CommandLine(command));
        }
    }

    private static PositionalParamSpec.Builder word(RemoteWords words) {
        return PositionalParamSpec.builder()
                .arity("1")
                .type(String.class)
                .paramLabel(words.syntax())
                .description(words.help().toArray(String[]::new));
    }
}
