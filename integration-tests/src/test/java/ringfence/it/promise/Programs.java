package ringfence.it.promise;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ringfence.it.lab.Checkout;

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
        List<String> command = new ArrayList<>();
        command.add(Checkout.find().product().resolve("bin/" + program).toString());
        command.addAll(words);
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
