package ringfence.journal.store;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What is kept. What is beyond goes by whole files, which hold an hour of a VM each; the newest file of a VM that runs stays
 * whatever its size.
 *
 * @param age after which a file goes
 * @param bytes of all queues, above which the oldest files go
 * @param vmBytes of one VM's queue, above which its oldest files go; while the newest alone is larger, the VM's events are
 *     dropped and counted
 */
public record Retention(Duration age, long bytes, long vmBytes) {
    /** Two weeks, 1 GiB, 64 MiB. */
    public static final Retention DEFAULT = new Retention(Duration.ofDays(14), 1L << 30, 64L << 20);

    private record Kept(Path file, long size, long changed, boolean newestOfRunning) {
        String vm() {
            return file.getParent().getFileName().toString();
        }

        boolean isOf(String name) {
            return vm().equals(name);
        }
    }

    /**
     * Removes what is beyond.
     *
     * @param running the VMs whose queues are open
     * @return those VMs some of whose files went, and some stay
     */
    Set<String> apply(Path store, Set<String> running, long nowMillis) throws IOException {
        List<Kept> all = new ArrayList<>();
        Set<String> changed = new TreeSet<>();
        for (String name : Store.names(store)) {
            List<Kept> files = files(store.resolve(name), running.contains(name));
            shrink(files, vmBytes, nowMillis, changed);
            all.addAll(files);
        }
        all.sort(Comparator.comparingLong(Kept::changed));
        shrink(all, bytes, nowMillis, changed);
        for (String name : Store.names(store)) {
            if (!running.contains(name) && all.stream().noneMatch(file -> file.isOf(name))) {
                remove(store.resolve(name));
                changed.remove(name);
            }
        }
        return changed;
    }

    /** Whether a VM's queue may still grow in this hour: what older ones hold may go. */
    boolean hasRoom(Path folder, long nowMillis) throws IOException {
        try {
            return Files.size(folder.resolve(VmQueue.fileOf(nowMillis))) < vmBytes;
        } catch (NoSuchFileException _) {
            return true;
        }
    }

    private void shrink(List<Kept> files, long most, long nowMillis, Set<String> changed) throws IOException {
        long size = files.stream().mapToLong(Kept::size).sum();
        for (Kept file : List.copyOf(files)) {
            boolean old = nowMillis - file.changed() > age.toMillis();
            if (!file.newestOfRunning() && (old || size > most)) {
                Files.deleteIfExists(file.file());
                size -= file.size();
                files.remove(file);
                changed.add(file.vm());
            }
        }
    }

    /** Its queue's files, the oldest first. */
    private static List<Kept> files(Path folder, boolean running) throws IOException {
        List<Path> paths = new ArrayList<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(folder, "*" + VmQueue.SUFFIX)) {
            found.forEach(paths::add);
        }
        paths.sort(Comparator.naturalOrder()); // they are named by their hour
        List<Kept> files = new ArrayList<>();
        for (Path path : paths) {
            try {
                boolean newest = running && path.equals(paths.getLast());
                files.add(new Kept(
                        path, Files.size(path), Files.getLastModifiedTime(path).toMillis(), newest));
            } catch (NoSuchFileException _) {
                // somebody has tidied up
            }
        }
        return files;
    }

    private static void remove(Path folder) throws IOException {
        try (DirectoryStream<Path> rest = Files.newDirectoryStream(folder)) {
            for (Path file : rest) {
                Files.deleteIfExists(file);
            }
        }
        Files.deleteIfExists(folder);
    }
}
