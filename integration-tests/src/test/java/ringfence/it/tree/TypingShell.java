package ringfence.it.tree;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A shell at a terminal, where somebody types, with the tree's completions. */
final class TypingShell implements AutoCloseable {
    private static final String SAID = "said:";
    private static final String ALL = SAID + "all";
    private static final String PRINT = "() { printf '" + SAID + "%s\\n' \"$@\"; echo " + SAID + "''all; }\n";

    private final Process shell;
    private final Writer keys;
    private final BufferedReader screen;

    private TypingShell(String shell, String setUp) throws IOException {
        ProcessBuilder builder = new ProcessBuilder("script", "-qfc", shell, "/dev/null");
        builder.environment().put("TERM", "dumb");
        builder.environment().put("HISTFILE", "/dev/null");
        this.shell = builder.redirectErrorStream(true).start();
        keys = this.shell.outputWriter(StandardCharsets.UTF_8);
        screen = this.shell.inputReader(StandardCharsets.UTF_8);
        keys.write(setUp);
        keys.flush();
    }

    /** A bash. @param share the tree's {@code share/} */
    static TypingShell bash(Path share) throws IOException {
        return new TypingShell(
                "bash --norc --noprofile -i",
                "for file in " + share.resolve("bash-completion/completions") + "/*; do . $file; done\n");
    }

    /** A zsh. @param share the tree's {@code share/} */
    static TypingShell zsh(Path share) throws IOException {
        return new TypingShell(
                "zsh -f -i",
                "fpath=(" + share.resolve("zsh/site-functions") + " $fpath); autoload -U compinit; compinit -u -D\n");
    }

    /**
     * Types the beginning of a command, the tabulator, and the rest.
     *
     * @return the words that the command is given
     */
    List<String> completed(String program, String begun, String rest) throws IOException {
        keys.write("function " + program + PRINT);
        keys.flush();
        keys.write(program + " " + begun + "\t" + rest + "\n");
        keys.flush();
        List<String> words = new ArrayList<>();
        for (String line = screen.readLine(); line != null; line = screen.readLine()) {
            if (line.equals(ALL)) {
                return words;
            }
            if (line.startsWith(SAID)) {
                words.add(line.substring(SAID.length()));
            }
        }
        throw new IOException("the shell has ended");
    }

    @Override
    public void close() {
        shell.descendants().forEach(ProcessHandle::destroyForcibly);
        shell.destroyForcibly();
    }
}
