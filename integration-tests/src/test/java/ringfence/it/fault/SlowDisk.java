package ringfence.it.fault;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A control group whose processes read and write a disk slowly, so that one that is killed leaves requests behind. Needs
 * root, and a kernel that throttles block devices.
 */
final class SlowDisk implements AutoCloseable {
    private static final String V1 = "/sys/fs/cgroup/blkio";

    private final Path group;
    private final Optional<Path> ownMount;

    private SlowDisk(Path group, Optional<Path> ownMount) {
        this.group = group;
        this.ownMount = ownMount;
    }

    /** One for the disk below this file; empty where none can be had, and the tests take the disk as it is. */
    static Optional<SlowDisk> of(Path file, long bytesPerSecond) {
        try {
            String rule = disk(file) + " ";
            String name = "ringfence-slow-" + ProcessHandle.current().pid();
            if (Files.exists(Path.of(V1, "blkio.throttle.write_bps_device"))) {
                Path group = Files.createDirectory(Path.of(V1, name));
                for (String direction : List.of("read", "write")) {
                    Files.writeString(
                            group.resolve("blkio.throttle." + direction + "_bps_device"), rule + bytesPerSecond);
                }
                return Optional.of(new SlowDisk(group, Optional.empty()));
            }
            Optional<Path> mounted = mounted();
            Path root = mounted.isPresent() ? mounted.get() : mount();
            SlowDisk slow =
                    new SlowDisk(root.resolve(name), mounted.isPresent() ? Optional.empty() : Optional.of(root));
            try {
                Files.writeString(root.resolve("cgroup.subtree_control"), "+io");
                Files.createDirectory(slow.group);
                Files.writeString(
                        slow.group.resolve("io.max"), rule + "rbps=" + bytesPerSecond + " wbps=" + bytesPerSecond);
                return Optional.of(slow);
            } catch (IOException e) {
                slow.close();
                throw e;
            }
        } catch (IOException e) {
            System.out.println("the disk cannot be made slow here: " + e);
            return Optional.empty();
        }
    }

    /** MAJOR:MINOR of the whole disk: a partition cannot be throttled. */
    private static String disk(Path file) throws IOException {
        long device = (Long) Files.getAttribute(file, "unix:dev");
        long major = device >>> 8 & 0xFFF;
        long minor = device & 0xFF | device >>> 12 & 0xFFFFF00;
        Path node = Path.of("/sys/dev/block", major + ":" + minor).toRealPath();
        Path whole = Files.exists(node.resolve("partition")) ? node.getParent() : node;
        return Files.readString(whole.resolve("dev")).strip();
    }

    private static Optional<Path> mounted() throws IOException {
        for (String line : Files.readAllLines(Path.of("/proc/mounts"))) {
            String[] words = line.split(" ", -1);
            if (words[2].equals("cgroup2")) {
                return Optional.of(Path.of(words[1]));
            }
        }
        return Optional.empty();
    }

    private static Path mount() throws IOException {
        Path place = Files.createTempDirectory("cgroup2");
        if (status("mount", "-t", "cgroup2", "none", place.toString()) != 0) {
            Files.delete(place);
            throw new IOException("cannot mount cgroup2");
        }
        return place;
    }

    private static int status(String... command) throws IOException {
        try {
            return new ProcessBuilder(command).inheritIO().start().waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException(e);
        }
    }

    /** Makes the disk slow for this process. */
    void slow(Process process) throws IOException {
        Files.writeString(group.resolve("cgroup.procs"), Long.toString(process.pid()));
    }

    @Override
    public void close() throws IOException {
        Files.deleteIfExists(group);
        if (ownMount.isPresent() && status("umount", ownMount.get().toString()) == 0) {
            Files.delete(ownMount.get());
        }
    }
}
