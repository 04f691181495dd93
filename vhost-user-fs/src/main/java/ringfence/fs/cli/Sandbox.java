package ringfence.fs.cli;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import ringfence.linux.AddressFamily;
import ringfence.linux.FileRight;
import ringfence.linux.Linux;
import ringfence.linux.Namespace;
import ringfence.sandbox.Box;
import ringfence.sandbox.BoxedProcess;
import ringfence.sandbox.FileRules;
import ringfence.sandbox.FilterMode;
import ringfence.sandbox.FolderRights;
import ringfence.sandbox.Need;
import ringfence.sandbox.PathRule;
import ringfence.sandbox.Streams;
import ringfence.sandbox.SyscallFilter;

/**
 * {@code --sandbox}: the daemon becomes itself once more, under the same number, in a box that knows its folder and nothing
 * else. It cannot bind itself as it is, for Landlock binds the thread that asks, and a Java runtime has a dozen.
 */
enum Sandbox {
    /** No network and no IPC but its own, where it may have some (root). */
    NAMESPACE(Set.of(Namespace.NETWORK, Namespace.IPC)),
    CHROOT(Set.of());

    static final String OPTION = "--sandbox";
    static final String NONE = "none";

    private final Set<Namespace> namespaces;

    Sandbox(Set<Namespace> namespaces) {
        this.namespaces = namespaces;
    }

    /** That of virtiofsd's word; empty: none. @throws IllegalArgumentException with one line for the user */
    static Optional<Sandbox> of(String word) {
        return switch (word) {
            case NONE -> Optional.empty();
            case "namespace" -> Optional.of(NAMESPACE);
            case "chroot" -> Optional.of(CHROOT);
            default -> throw new IllegalArgumentException(OPTION + " is namespace, chroot or none, not " + word);
        };
    }

    /**
     * Enters it, and does not return.
     *
     * @param arguments this program's
     * @throws IllegalArgumentException with one line for the user
     */
    void enter(Linux linux, FsSpec spec, FilterMode mode, List<String> arguments) {
        if (linux.confinement().landlockAbi() < FileRules.LEAST_ABI) {
            throw refused("this kernel has no Landlock, or none of Linux 5.19 or newer");
        }
        String home = System.getProperty("ringfence.home");
        if (home == null) {
            throw refused("only the installed program can start itself anew");
        }
        Path program = Path.of(home, "bin", "vhost-user-fs");
        List<PathRule> rules = new ArrayList<>();
        rules.add(FolderRights.ofFolder(spec.directory(), spec.options().readOnly()));
        spec.socket()
                .path()
                .map(path -> folderOf(Path.of(path)))
                .ifPresent(folder -> rules.add(PathRule.of(folder, FileRight.MAKE_SOCK, FileRight.REMOVE_FILE)));
        spec.counters()
                .map(Sandbox::folderOf)
                .ifPresent(folder -> rules.add(PathRule.of(
                        folder, FileRight.READ_FILE, FileRight.WRITE_FILE, FileRight.MAKE_REG, FileRight.REMOVE_FILE)));
        Box box = new Box(
                namespaces,
                FolderRights.PRIVILEGES,
                SyscallFilter.of(mode, Set.of(Need.FOLDERS), Set.of(AddressFamily.UNIX), Streams.ANY),
                Optional.of(new FileRules(Path.of(home), program, rules)));
        List<String> words = new ArrayList<>(List.of(program.toString()));
        words.addAll(without(arguments));
        throw refused(BoxedProcess.become(linux, words, System.getenv(), box).getMessage());
    }

    private static String folderOf(Path file) {
        return file.toAbsolutePath().getParent().toString();
    }

    /** The arguments without this option. */
    private static List<String> without(List<String> arguments) {
        List<String> others = new ArrayList<>();
        for (Iterator<String> all = arguments.iterator(); all.hasNext(); ) {
            String word = all.next();
            if (word.equals(OPTION)) {
                all.next();
            } else if (!word.startsWith(OPTION + "=")) {
                others.add(word);
            }
        }
        return others;
    }

    private IllegalArgumentException refused(String why) {
        return new IllegalArgumentException(OPTION + "=" + name().toLowerCase(Locale.ROOT) + ": " + why
                + ": give none, and let who starts us confine us (bwrap, systemd)");
    }
}
