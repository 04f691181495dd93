package ringfence.vmm.config;

import java.util.Optional;

/**
 * What the machine boots.
 *
 * @param kernel path of an ELF kernel with a PVH note, or of a bzImage
 * @param initramfs path of its initial file system
 * @param cmdline its command line; empty: none
 */
public record PayloadConfig(String kernel, Optional<String> initramfs, String cmdline) {}
