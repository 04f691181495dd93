package ringfence.it.lab;

import java.time.Duration;

/** A raw image with the guests' root file system in ext4, in a host's scratch directory. */
public record RootDisk(KvmHost host, String path) implements AutoCloseable {
    private static final Duration LONG = Duration.ofMinutes(3);

    /** Makes one, sparse, of so many MiB. */
    public static RootDisk make(KvmHost host, String name, int mib) {
        Places places = host.places();
        String path = places.scratch() + "/" + name;
        host.run(
                        LONG,
                        Command.of(
                                "/usr/sbin/mke2fs",
                                "-q",
                                "-t",
                                "ext4",
                                "-E",
                                "root_owner=0:0",
                                "-d",
                                places.guests() + "/root",
                                path,
                                mib + "M"))
                .orThrow();
        return new RootDisk(host, path);
    }

    /** Checks the file system without changing it; {@link LabException} with e2fsck's words where it is not clean. */
    public Outcome check() {
        return host.run(LONG, Command.of("/usr/sbin/e2fsck", "-fn", path)).orThrow();
    }

    /** The SHA-256 of a file in the image, in hexadecimal. */
    public String sha256(String file) {
        return host.run(
                        LONG,
                        Command.script(
                                "/usr/sbin/debugfs -R \"cat $2\" \"$1\" 2>/dev/null | sha256sum | cut -d ' ' -f 1",
                                path,
                                file))
                .orThrow()
                .text();
    }

    /** Removes the image. */
    @Override
    public void close() {
        host.run("rm", "-f", path);
    }
}
