package ringfence.process;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import ringfence.linux.Stat;

/**
 * Finds out which processes hold a lock on a file. No system call tells the holder of an open-file-description lock;
 * the {@code lock:} lines of /proc/PID/fdinfo do, for the processes that we may look into.
 */
public final class LockHolders {
    private final Path proc;

    /** Looks into /proc. */
    public LockHolders() {
        this(Path.of("/proc"));
    }

    LockHolders(Path proc) {
        this.proc = proc;
    }

    /**
     * A process that holds a lock.
     *
     * @param pid its number
     * @param name its short name, at most 15 characters
     */
    public record Holder(int pid, String name) {
        @Override
        public String toString() {
            return name + " (pid " + pid + ")";
        }
    }

    /** The processes, other than this one, that hold a lock on the file; empty if none shows. */
    public List<Holder> of(Stat file) {
        List<Holder> holders = new ArrayList<>();
        String inode = inode(file);
        long own = ProcessHandle.current().pid();
        try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
            for (Path process : processes) {
                int pid = Integer.parseInt(process.getFileName().toString());
                if (pid != own && holds(process, inode)) {
                    holders.add(new Holder(pid, name(process)));
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // without /proc nobody can be named
        }
        return holders;
    }

    /** "by X (pid 1)" for a message, or why nobody is named. */
    public static String describe(List<Holder> holders) {
        return holders.isEmpty()
                ? "by a process that it may not look into"
                : "by " + holders.stream().map(Holder::toString).collect(Collectors.joining(", "));
    }

    /** The file as a lock line names it: major and minor in hexadecimal, inode in decimal. */
    private static String inode(Stat file) {
        long device = file.device();
        long major = device >>> 8 & 0xfff | device >>> 32 & ~0xfffL;
        long minor = device & 0xff | device >>> 12 & 0xffff_ff00L;
        return String.format(Locale.ROOT, " %02x:%02x:%d ", major, minor, file.inode());
    }

    private static boolean holds(Path process, String inode) {
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fdinfo"))) {
            for (Path descriptor : descriptors) {
                if (lines(descriptor).stream().anyMatch(line -> line.startsWith("lock:") && line.contains(inode))) {
                    return true;
                }
            }
        } catch (IOException | DirectoryIteratorException e) {
            // gone, or not ours to look into
        }
        return false;
    }

    private static List<String> lines(Path file) {
        try {
            return Files.readAllLines(file);
        } catch (IOException e) {
            return List.of(); // closed since
        }
    }

    private static String name(Path process) {
        try {
            return Files.readString(process.resolve("comm")).strip();
        } catch (IOException e) {
            return "process";
        }
    }
}
