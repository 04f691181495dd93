package ringfence.vmm.config;

import java.util.Optional;
import java.util.OptionalInt;

/**
 * A disk.
 *
 * @param id its name; unique
 * @param backend who serves it
 * @param readonly the guest may only read
 * @param direct the daemon goes around the host's page cache
 * @param numQueues 1 to the number of vCPUs
 * @param queueSize a power of two
 * @param serial what the guest reads as serial number, at most 20 bytes; empty: none
 * @param pciDeviceId its PCI slot; empty: the first free one
 */
public record DiskConfig(
        String id,
        Backend backend,
        boolean readonly,
        boolean direct,
        int numQueues,
        int queueSize,
        Optional<String> serial,
        OptionalInt pciDeviceId) {
    /** Who serves a disk. */
    public sealed interface Backend {
        /**
         * A daemon of ours, which the VMM starts.
         *
         * @param path image file or block device
         */
        record Image(String path) implements Backend {}

        /**
         * A daemon that somebody else has started, or will.
         *
         * @param path its Unix socket
         */
        record Socket(String path) implements Backend {}
    }
}
