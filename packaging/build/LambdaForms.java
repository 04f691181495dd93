import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The shapes of method handles that the programs use, in the image's list of classes. JDK 25 writes the code of the shapes
 * that this list names into each AOT cache, but does not learn further ones from the training run: without these lines a
 * start generates some twenty classes, a millisecond or two each.
 */
final class LambdaForms {
    private static final String KEY = "@lambda-form-invoker ";
    private static final List<String> MARKS = List.of("[LF_RESOLVE] ", "[SPECIES_RESOLVE] ");

    private final Path list;
    private final Path stamp;

    LambdaForms(Path image, Path work) {
        list = image.resolve("lib/classlist");
        stamp = work.resolve("forms.stamp");
    }

    /** Runs all trainings once, traced, and adds what they used; unless the inputs are those of the last time. */
    void learn(List<Training> trainings, String inputs) throws IOException, InterruptedException {
        if (Assemble.unchanged(stamp, inputs)) {
            return;
        }
        Set<String> added = new TreeSet<>();
        for (Training training : trainings) {
            for (String line : Files.readAllLines(training.run("-Djava.lang.invoke.MethodHandle.TRACE_RESOLVE=true"))) {
                MARKS.stream().filter(line::contains).forEach(mark -> added.add(form(line, mark)));
            }
        }
        added.removeAll(Set.copyOf(Files.readAllLines(list)));
        if (!added.isEmpty()) {
            Files.write(list, added, StandardOpenOption.APPEND);
        }
        Files.writeString(stamp, inputs);
        System.out.println(added.size() + " shapes of method handles added to the image's list");
    }

    /** What a cache depends on. */
    String identity() throws IOException {
        return Assemble.digest(list);
    }

    /** As the list has it: without what the program wrote before on that line, and without the verdict in brackets. */
    private static String form(String line, String mark) {
        String form = line.substring(line.indexOf(mark));
        int verdict = form.lastIndexOf(" (");
        return KEY + (verdict < 0 ? form : form.substring(0, verdict));
    }
}
