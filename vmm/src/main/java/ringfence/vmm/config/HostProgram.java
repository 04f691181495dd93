package ringfence.vmm.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Programs of the host that we start. */
public final class HostProgram {
    private static final String USUAL = "/usr/local/bin:/usr/bin:/bin";

    private HostProgram() {}

    /**
     * Where a program is.
     *
     * @param searchPath folders with colons between, as in {@code $PATH}; null: the usual ones
     */
    public static Optional<Path> find(String name, String searchPath) {
        return Stream.of(Pattern.compile(":").split(searchPath == null ? USUAL : searchPath))
                .filter(folder -> folder.startsWith("/"))
                .map(folder -> Path.of(folder, name))
                .filter(file -> Files.isRegularFile(file) && Files.isExecutable(file))
                .findFirst();
    }
}
