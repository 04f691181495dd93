package ringfence.it.promise;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import ringfence.it.lab.Checkout;
import ringfence.linux.Child;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Spawn;

/** Our programs on this host, on any KVM: without input, with what they print in files. */
final class Programs {
    private Programs() {}

    /** Starts one in a folder; its output goes to the file {@code output} there, its errors to {@code output.err}. */
    static Process start(Path folder, String output, String program, List<String> words) throws IOException {
        return start(folder, output, program, words, Map.of());
    }

    /** The same, with these in its environment. */
    static Process start(
            Path folder, String output, String program, List<String> words, Map<String, String> environment)
            throws IOException {
        return run(folder, output, command(program, words), environment);
    }

    /** The same, which has this file open as descriptor 7. */
    static Process startHanding(Path folder, String output, String file, String program, List<String> words)
            throws IOException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", "exec 7<>\"$0\"; exec \"$@\"", file));
        command.addAll(command(program, words));
        return run(folder, output, command, Map.of());
    }

    /** Starts one as a child that has these descriptors by number; what it prints goes to the file {@code output}. */
    static Child spawn(Path folder, String output, Map<Integer, Fd> fds, String program, List<String> words) {
        Linux linux = Linux.system();
        Map<String, String> environment = new HashMap<>(System.getenv());
        environment.put("RINGFENCE_ANY_KVM", "1");
        String file = folder.resolve(output).toString();
        try (Fd printed = linux.files().open(file, 0600, OpenFlag.WRONLY, OpenFlag.CREAT, OpenFlag.APPEND)) {
            Map<Integer, Fd> all = new HashMap<>(fds);
            all.put(1, printed);
            all.put(2, printed);
            return linux.processes().spawn(new Spawn(command(program, words), environment, all, false));
        }
    }

    private static List<String> command(String program, List<String> words) {
        List<String> command = new ArrayList<>();
        command.add(Checkout.find().product().resolve("bin/" + program).toString());
        command.addAll(words);
        return command;
    }

    private static Process run(Path folder, String output, List<String> command, Map<String, String> environment)
            throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectInput(Path.of("/dev/null").toFile())
                .redirectOutput(folder.resolve(output).toFile())
                .redirectError(folder.resolve(output + ".err").toFile());
        builder.environment().put("RINGFENCE_ANY_KVM", "1");
        builder.environment().putAll(environment);
        return builder.start();
    }
}
