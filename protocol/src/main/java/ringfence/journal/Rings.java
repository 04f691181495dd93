package ringfence.journal;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import ringfence.linux.Linux;
import ringfence.process.RuntimeFolder;

/** The folder where VMMs of one user have their rings, whoever has started them. */
public final class Rings {
    /** Names another folder, or {@value #NONE}: no ring is made. */
    public static final String VARIABLE = "RINGFENCE_JOURNAL";

    /** Of a ring's file. */
    public static final String SUFFIX = ".ring";

    private static final String NONE = "none";

    /** What a user's dead VMMs may leave where nobody drains them: 16 MiB. */
    private static final int KEPT = 64;

    private static final int RADIX = 36;
    private static final Pattern NAME = Pattern.compile("vm-[0-9]{1,10}-[0-9a-z]{1,12}");

    private Rings() {}

    /**
     * Where the rings are; empty: nobody wants them.
     *
     * @param user the effective one
     * @param variable the value of {@link #VARIABLE}; null: it is not set
     */
    public static Optional<Path> folder(int user, String variable) {
        if (variable == null || variable.isEmpty()) {
            return Optional.of(RuntimeFolder.ofUser(user).resolve("journal"));
        }
        return variable.equals(NONE) ? Optional.empty() : Optional.of(Path.of(variable));
    }

    /** What a VMM is called in journals: by its process and by when it began, so that no other one is called so. */
    static String name(long pid, long startedMillis) {
        return "vm-" + pid + "-" + Long.toString(startedMillis, RADIX);
    }

    /** Whether a VMM may be called so. */
    public static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    /** The process of a VMM of this name. */
    public static String pid(String name) {
        return name.substring(name.indexOf('-') + 1, name.lastIndexOf('-'));
    }

    /** When a VMM of this name began, in milliseconds since 1970. */
    public static long startedMillis(String name) {
        return Long.parseLong(name.substring(name.lastIndexOf('-') + 1), RADIX);
    }

    /** The names of those that have a ring, the oldest first; none, if there is no such folder. */
    public static List<String> names(Path folder) throws IOException {
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, "vm-*" + SUFFIX)) {
            for (Path file : files) {
                String name = file.getFileName().toString();
                name = name.substring(0, name.length() - SUFFIX.length());
                if (isName(name)) {
                    found.add(name);
                }
            }
        } catch (NoSuchFileException _) {
            return List.of();
        }
        found.sort((one, other) -> Long.compare(startedMillis(one), startedMillis(other)));
        return found;
    }

    /** The ring of a VMM. */
    public static Path file(Path folder, String name) {
        return folder.resolve(name + SUFFIX);
    }

    /**
     * Removes what dead VMMs have left, the oldest first, until no more than {@value #KEPT} rings are there. For hosts where
     * nobody drains them.
     */
    public static void prune(Linux linux, Path folder) throws IOException {
        List<String> names = names(folder);
        int more = names.size() - KEPT;
        for (String name : names) {
            Path file = file(folder, name);
            if (more > 0 && isAbandoned(linux, file)) {
                Files.deleteIfExists(file);
                more--;
            }
        }
    }

    private static boolean isAbandoned(Linux linux, Path file) {
        try (RingReader ring = RingReader.open(linux, file, false)) {
            return ring.isAbandoned();
        } catch (RingException _) {
            return false; // it is not ours to judge
        }
    }
}
