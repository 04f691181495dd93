import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import ringfence.blk.cli.BlkMain;
import ringfence.fs.cli.FsMain;
import ringfence.journal.cli.JournalMain;
import ringfence.net.cli.NetMain;
import ringfence.process.Version;
import ringfence.vmm.cli.Manual;

/** Writes manual pages and completions into {@code share/} of the tree, of the models with which the programs read. */
final class Documents {
    private static final int USERS = 1;
    private static final int ADMINISTRATORS = 8;

    private final Path packaging;
    private final Path share;
    private final Instant time;

    /** @param time of the release, whose day the pages bear */
    Documents(Path packaging, Path tree, Instant time) {
        this.packaging = packaging;
        this.share = tree.resolve("share");
        this.time = time;
    }

    void write() throws IOException {
        List<CommandSpec> daemons = Stream.of(
                        BlkMain.commandLine(), FsMain.commandLine(), NetMain.commandLine(), JournalMain.commandLine())
                .map(CommandLine::getCommandSpec)
                .toList();
        List<CommandSpec> programs = Stream.concat(
                        Manual.programs().stream().map(CommandLine::getCommandSpec), daemons.stream())
                .toList();
        CommandSpec events = daemons.getLast().subcommands().get("events").getCommandSpec();
        events.name("ringfence events"); // as users have it
        Map<CommandSpec, Integer> pages = new LinkedHashMap<>();
        for (CommandSpec program : programs) {
            int section = daemons.contains(program) ? ADMINISTRATORS : USERS;
            pages.put(program, section);
            program.subcommands().values().stream()
                    .map(CommandLine::getCommandSpec)
                    .filter(Documents::hasPage)
                    .forEach(command -> pages.put(command, command == events ? USERS : section));
        }
        List<String> all = pages.entrySet().stream()
                .map(page -> ManualPage.title(page.getKey()) + "(" + page.getValue() + ")")
                .toList();
        String day = time.toString().substring(0, "yyyy-mm-dd".length());
        for (Map.Entry<CommandSpec, Integer> page : pages.entrySet()) {
            int section = page.getValue();
            put(
                    "man/man" + section + "/" + ManualPage.title(page.getKey()) + "." + section,
                    ManualPage.of(page.getKey(), section, day, Version.NUMBER, all));
        }
        for (CommandSpec program : programs) {
            put("bash-completion/completions/" + program.name(), completion(program, events, "completion.bash"));
            put("zsh/site-functions/_" + program.name(), completion(program, events, "completion.zsh"));
        }
    }

    /** A command with a help of its own is one that has much to say. */
    static boolean hasPage(CommandSpec command) {
        return command.options().stream()
                .anyMatch(option -> List.of(option.names()).contains("--help"));
    }

    private String completion(CommandSpec program, CommandSpec events, String template) throws IOException {
        return Completion.of(program, events, packaging.resolve("build").resolve(template));
    }

    private void put(String name, String text) throws IOException {
        Path file = share.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }
}
