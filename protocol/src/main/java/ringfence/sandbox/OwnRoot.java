package ringfence.sandbox;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mounts;
import ringfence.linux.Name;
import ringfence.linux.OpenFlag;
import ringfence.linux.Syscall;

/**
 * A tree of files in which there is what a box's rules name, under the same names, and nothing else: what is not written to
 * cannot be. Made by the thread that enters the box, in a namespace of mounts of its own, where it can look up names still.
 */
final class OwnRoot implements AutoCloseable {
    /** Directories, empty files and links only. */
    private static final int ROOM = 1 << 20;

    /** As many as the kernel follows. */
    private static final int MOST_LINKS = 40;

    private static final int MODE = 0755;
    private static final int REGULAR = 0100644;

    private final Linux linux;
    private final Mounts mounts;
    private final String workingDirectory;
    /** Symbolic links on the way to what is there, and what they say. */
    private final Map<Path, Path> links = new LinkedHashMap<>();
    /** What is there, by its real name, and whether it may be written to; those above others first. */
    private final Map<Path, Boolean> places =
            new TreeMap<>(Comparator.comparingInt(Path::getNameCount).thenComparing(Comparator.naturalOrder()));

    private final List<Fd> copies = new ArrayList<>();
    private Fd root; // null: not made

    private OwnRoot(Linux linux) {
        this.linux = linux;
        mounts = linux.mounts();
        workingDirectory = Path.of("").toAbsolutePath().toString();
    }

    /**
     * Makes it. The calling thread has a namespace of mounts of its own.
     *
     * @param staging a directory of the host's, over which it is made; nothing of it changes
     * @return empty if this thread may not mount, as one that Landlock binds: then nothing has changed
     * @throws ErrnoException if it fails half-way
     */
    static Optional<OwnRoot> make(Linux linux, Path staging, List<PathRule> rules) {
        if (!isPossible(linux)) {
            return Optional.empty();
        }
        OwnRoot made = new OwnRoot(linux);
        // this thread shares it with no other one: the daemon's user, who may have no privilege, is to find all
        int mask = linux.files().umask(0);
        try {
            rules.forEach(made::find);
            made.build(staging.toAbsolutePath().toString());
            return Optional.of(made);
        } catch (RuntimeException e) {
            made.close();
            throw e;
        } finally {
            linux.files().umask(mask);
        }
    }

    /** Whether the calling thread, which has a namespace of mounts of its own, may mount. Mounts of the host's still reach it. */
    static boolean isPossible(Linux linux) {
        try {
            linux.mounts().followHost();
            return true;
        } catch (ErrnoException _) {
            return false;
        }
    }

    /** Follows a name as the kernel does, and notes the links on its way. What is not there is left out. */
    private void find(PathRule rule) {
        Path path = Path.of(rule.path()).toAbsolutePath();
        Path at = path.getRoot();
        List<Path> rest = new ArrayList<>();
        path.forEach(rest::add);
        for (int followed = 0; !rest.isEmpty(); ) {
            Path name = rest.removeFirst();
            Path next = at.resolve(name).normalize(); // no link in "at": its ".." is its parent
            if (!Files.isSymbolicLink(next)) {
                at = next;
                continue;
            }
            if (++followed > MOST_LINKS) {
                return;
            }
            Path target = target(next);
            links.put(next, target);
            at = target.isAbsolute() ? target.getRoot() : at;
            int index = 0;
            for (Path part : target) {
                rest.add(index++, part);
            }
        }
        places.merge(at, rule.isWriting(), Boolean::logicalOr);
    }

    private static Path target(Path link) {
        try {
            return Files.readSymbolicLink(link);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read " + link, e);
        }
    }

    private void build(String staging) {
        Map<Path, Fd> found = new LinkedHashMap<>();
        places.forEach((path, _) -> copied(path).ifPresent(copy -> found.put(path, copy)));
        mounts.memory(staging, ROOM);
        root = linux.files().open(staging, OpenFlag.PATH, OpenFlag.DIRECTORY);
        found.forEach((path, copy) -> {
            if (!isCovered(path, found)) {
                directories(path.getParent(), found);
                place(path, linux.files().stat(copy).isDirectory());
            }
            mounts.attach(copy, root, relative(path));
        });
        links.forEach((link, target) -> {
            if (!isCovered(link, found)) {
                directories(link.getParent(), found);
                check(
                        Syscall.SYMLINKAT,
                        link,
                        linux.paths().tryMakeSymlink(new Name(target.toString()), root, new Name(relative(link))));
            }
        });
        directories(Path.of(workingDirectory), found);
        mounts.readOnlyAlone(root);
    }

    private Optional<Fd> copied(Path path) {
        Fd copy;
        try {
            copy = mounts.copy(path.toString());
        } catch (ErrnoException _) {
            return Optional.empty(); // not there, and the program says so itself
        }
        copies.add(copy);
        if (!places.get(path)) {
            mounts.readOnly(copy);
        }
        return Optional.of(copy);
    }

    /** Whether it is within something that is there anyway: nothing may be made in that, for it is the host's. */
    private static boolean isCovered(Path path, Map<Path, Fd> found) {
        for (Path above = path.getParent(); above != null; above = above.getParent()) {
            if (found.containsKey(above)) {
                return true;
            }
        }
        return false;
    }

    private void directories(Path path, Map<Path, Fd> found) {
        if (path == null || path.getNameCount() == 0 || found.containsKey(path) || isCovered(path, found)) {
            return;
        }
        directories(path.getParent(), found);
        place(path, true);
    }

    private void place(Path path, boolean directory) {
        Name name = new Name(relative(path));
        if (directory) {
            check(Syscall.MKDIRAT, path, linux.paths().tryMakeDirectory(root, name, MODE));
        } else {
            check(Syscall.MKNODAT, path, linux.paths().tryMakeNode(root, name, REGULAR, 0));
        }
    }

    private static String relative(Path path) {
        return path.getRoot().relativize(path).toString();
    }

    private static void check(Syscall call, Path path, long result) {
        if (result < 0 && result != -Errno.EEXIST.number()) {
            throw new ErrnoException(call, Errno.of(-result), path + " in a daemon's tree of files");
        }
    }

    /** Makes it the root of all names for the calling thread, and for what it starts. */
    void enter() {
        mounts.enter(root, workingDirectory);
    }

    @Override
    public void close() {
        copies.forEach(Fd::close);
        if (root != null) {
            root.close();
        }
    }
}
