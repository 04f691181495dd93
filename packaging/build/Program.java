import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * One program of the tree, as its table {@code packaging/flags.NAME} describes it.
 *
 * <p>A line of the table is {@code KEY VALUE   # REASON}; keys: {@code main} (module/class), {@code train} (arguments of
 * the training run; a class name in front of them replaces the main class), {@code flag} (one JVM flag; its measured
 * reason is required), {@code classpath} (a folder below {@code lib/} that holds the program's jars: {@code main} is then a
 * class without a module, and the image's modules that it needs are named by a flag), {@code verb} (a first argument and
 * the other program of the tree that gets the whole command line then).
 *
 * @param name of the launcher in {@code bin/}
 * @param main module and class
 * @param training the arguments of the training run, without a leading class
 * @param trainer module and class of the training run: {@code main}, or another class of the same module
 * @param flags of the JVM, in order
 * @param classPath the folder below {@code lib/}; empty: the program is a module of the image
 * @param verbs first arguments, and who gets the command line then
 */
record Program(
        String name,
        String main,
        String trainer,
        List<String> training,
        List<String> flags,
        String classPath,
        Map<String, String> verbs) {

    /** The module of the main class; empty: it is on the class path. */
    Optional<String> module() {
        return classPath.isEmpty() ? Optional.of(main.substring(0, main.indexOf('/'))) : Optional.empty();
    }

    /** What names a main class to java. */
    List<String> start(String mainClass, Path tree, String home) throws IOException {
        if (classPath.isEmpty()) {
            return List.of("-m", mainClass);
        }
        String jars = Assemble.list(tree.resolve("lib").resolve(classPath)).stream()
                .map(jar -> home + "/lib/" + classPath + "/" + jar.getFileName())
                .collect(Collectors.joining(":"));
        return List.of("-cp", jars, mainClass);
    }

    /** All tables of a folder, in order of name. */
    static List<Program> all(Path folder) throws IOException {
        List<Program> programs = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.sorted().toList()) {
                String name = file.getFileName().toString();
                if (name.startsWith("flags.")) {
                    programs.add(read(name.substring("flags.".length()), file));
                }
            }
        }
        return programs;
    }

    private static Program read(String name, Path table) throws IOException {
        String main = null;
        List<String> training = List.of();
        List<String> flags = new ArrayList<>();
        String classPath = "";
        Map<String, String> verbs = new TreeMap<>();
        for (String line : Files.readAllLines(table)) {
            int comment = line.indexOf('#');
            String text = (comment < 0 ? line : line.substring(0, comment)).strip();
            if (text.isEmpty()) {
                continue;
            }
            int space = text.indexOf(' ');
            String key = text.substring(0, space);
            String value = text.substring(space).strip();
            switch (key) {
                case "main" -> main = value;
                case "train" -> training = List.of(value.split(" +"));
                case "classpath" -> classPath = value;
                case "verb" ->
                    verbs.put(value.substring(0, value.indexOf(' ')), value.substring(value.indexOf(' ') + 1));
                case "flag" -> {
                    if (comment < 0 || line.substring(comment + 1).isBlank()) {
                        throw new IllegalArgumentException(table + ": no reason beside " + value);
                    }
                    flags.add(value);
                }
                default -> throw new IllegalArgumentException(table + ": unknown key " + key);
            }
        }
        if (main == null || training.isEmpty()) {
            throw new IllegalArgumentException(table + ": 'main' or 'train' is missing");
        }
        String module = main.substring(0, main.indexOf('/') + 1);
        boolean own = training.getFirst().startsWith("ringfence.");
        String trainer = own ? module + training.getFirst() : main;
        List<String> arguments = own ? training.subList(1, training.size()) : training;
        return new Program(name, main, trainer, arguments, flags, classPath, verbs);
    }
}
