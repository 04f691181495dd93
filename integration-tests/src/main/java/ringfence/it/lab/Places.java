package ringfence.it.lab;

/**
 * Where things are on a host.
 *
 * @param product the tree that {@code mvn package} built: {@code bin/}, {@code lib/}
 * @param guests kernels, initramfs and the root tree that {@code packaging/lab.d/kit} made
 * @param scratch a directory on an ext4 file system for what tests write, empty at the start
 */
public record Places(String product, String guests, String scratch) {
    /** A program of the product. */
    public String program(String name) {
        return product + "/bin/" + name;
    }

    /** A file of Debian's kernel {@code version} (6.1 or 6.12): vmlinuz, vmlinux or initramfs. */
    public String kernel(String version, String file) {
        return guests + "/" + version + "/" + file;
    }
}
