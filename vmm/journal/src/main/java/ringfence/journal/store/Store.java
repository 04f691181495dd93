package ringfence.journal.store;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import ringfence.journal.Rings;

/** The folder of all queues of a user: one folder per VM, named as its ring. */
public final class Store {
    private static final String LABEL = "label";

    private Store() {}

    /** Where it is: {@code /var/lib/ringfence/journal} (root), {@code $XDG_STATE_HOME} or {@code ~/.local/state}. */
    public static Path folder(int user, String stateHome) {
        if (user == 0) {
            return Path.of("/var/lib/ringfence/journal");
        }
        Path state = stateHome != null && !stateHome.isEmpty()
                ? Path.of(stateHome)
                : Path.of(System.getProperty("user.home"), ".local", "state");
        return state.resolve("ringfence").resolve("journal");
    }

    /** The names of the VMs that have a queue, the oldest first. */
    public static List<String> names(Path store) throws IOException {
        List<String> names = new ArrayList<>();
        try (DirectoryStream<Path> folders = Files.newDirectoryStream(store, "vm-*")) {
            for (Path folder : folders) {
                String name = folder.getFileName().toString();
                if (Rings.isName(name) && Files.isDirectory(folder)) {
                    names.add(name);
                }
            }
        } catch (NoSuchFileException _) {
            return List.of();
        }
        names.sort(Comparator.comparingLong(Rings::startedMillis));
        return names;
    }

    /** Makes a folder, mode 0700, if it is not there. */
    static void make(Path folder) throws IOException {
        Files.createDirectories(
                folder, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }

    /** Keeps what the VM may be found by. */
    static void label(Path vm, String label) throws IOException {
        Files.writeString(vm.resolve(LABEL), label.codePoints()
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE) // halves cannot be written
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append));
    }

    /** What the VM may be found by; empty: it is not known. */
    static String label(Path vm) {
        try {
            return Files.readString(vm.resolve(LABEL));
        } catch (IOException _) {
            return "";
        }
    }
}
