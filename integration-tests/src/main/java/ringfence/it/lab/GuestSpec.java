package ringfence.it.lab;

import java.util.ArrayList;
import java.util.List;

/**
 * A guest to be booted.
 *
 * @param kernel Debian's kernel, 6.1 or 6.12
 * @param format {@code vmlinuz} for the bzImage, {@code vmlinux} for the ELF kernel
 * @param initramfs its file beside the kernel
 * @param cpus virtual processors
 * @param memory in MiB
 * @param disks the first one, if any, holds its root file system
 * @param commandLine added to the kernel's command line
 * @param options added to the VMM's own command line
 */
public record GuestSpec(
        String kernel,
        String format,
        String initramfs,
        int cpus,
        int memory,
        List<GuestDisk> disks,
        String commandLine,
        List<String> options) {
    /** Keeps copies. */
    public GuestSpec {
        disks = List.copyOf(disks);
        options = List.copyOf(options);
    }

    /** One processor, 512 MiB, the ELF kernel, no disk. */
    public static GuestSpec kernel(String kernel) {
        return new GuestSpec(kernel, "vmlinux", "initramfs", 1, 512, List.of(), "", List.of());
    }

    /** The same from that file of the kernel. */
    public GuestSpec format(String value) {
        return new GuestSpec(kernel, value, initramfs, cpus, memory, disks, commandLine, options);
    }

    /** The same with iperf3 in its initramfs; see {@link Iperf#isThere}. */
    public GuestSpec withIperf() {
        return new GuestSpec(kernel, format, "initramfs-iperf3", cpus, memory, disks, commandLine, options);
    }

    /** The same with so many processors. */
    public GuestSpec cpus(int value) {
        return new GuestSpec(kernel, format, initramfs, value, memory, disks, commandLine, options);
    }

    /** The same with so many MiB of memory. */
    public GuestSpec memory(int value) {
        return new GuestSpec(kernel, format, initramfs, cpus, value, disks, commandLine, options);
    }

    /** The same with one more disk. */
    public GuestSpec disk(GuestDisk disk) {
        List<GuestDisk> all = new ArrayList<>(disks);
        all.add(disk);
        return new GuestSpec(kernel, format, initramfs, cpus, memory, all, commandLine, options);
    }

    /** The same with more words on the kernel's command line. */
    public GuestSpec commandLine(String words) {
        return new GuestSpec(kernel, format, initramfs, cpus, memory, disks, commandLine + " " + words, options);
    }

    /** The same with more options of the VMM. */
    public GuestSpec options(String... words) {
        List<String> all = new ArrayList<>(options);
        all.addAll(List.of(words));
        return new GuestSpec(kernel, format, initramfs, cpus, memory, disks, commandLine, all);
    }

    /** The kernel's whole command line; the guest does what its console says, unless {@code guest=} comes later. */
    String kernelCommandLine() {
        String root =
                disks.isEmpty() ? "" : " root=/dev/vda " + (disks.getFirst().readOnly() ? "ro" : "rw");
        return "console=ttyS0 panic=-1 quiet mitigations=off guest=agent" + root + commandLine;
    }
}
