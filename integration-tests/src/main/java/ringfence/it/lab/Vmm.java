package ringfence.it.lab;

import java.util.ArrayList;
import java.util.List;

/** A program that boots guests: ours, or QEMU beside it for comparison. */
public sealed interface Vmm {
    /** How to boot this guest on that host, with its first serial port on standard input and output. */
    Command command(KvmHost host, GuestSpec guest);

    /** {@code bin/cloud-hypervisor} of the product. */
    record Ringfence() implements Vmm {
        @Override
        public Command command(KvmHost host, GuestSpec guest) {
            Places places = host.places();
            List<String> words = new ArrayList<>(List.of(
                    "--kernel",
                    places.kernel(guest.kernel(), guest.format()),
                    "--initramfs",
                    places.kernel(guest.kernel(), guest.initramfs()),
                    "--cmdline",
                    guest.kernelCommandLine(),
                    "--cpus",
                    "boot=" + guest.cpus(),
                    "--memory",
                    "size=" + guest.memory() + "M",
                    "--serial",
                    "tty",
                    "--console",
                    "off"));
            if (!guest.disks().isEmpty()) {
                words.add("--disk");
                for (GuestDisk disk : guest.disks()) {
                    words.add(
                            disk.vhostUser()
                                    ? "vhost_user=on,socket=" + disk.path()
                                    : "path=" + disk.path() + (disk.readOnly() ? ",readonly=on" : ""));
                }
            }
            words.addAll(guest.options());
            return Command.of(places.program("cloud-hypervisor")).with(words);
        }
    }

    /**
     * QEMU with KVM.
     *
     * @param machine its {@code -M}: pc, q35 or microvm
     */
    record Qemu(String machine) implements Vmm {
        @Override
        public Command command(KvmHost host, GuestSpec guest) {
            Places places = host.places();
            List<String> words = new ArrayList<>(List.of(
                    "-accel",
                    "kvm",
                    "-cpu",
                    "host",
                    "-M",
                    machine,
                    "-smp",
                    Integer.toString(guest.cpus()),
                    "-m",
                    Integer.toString(guest.memory()),
                    "-nodefaults",
                    "-no-user-config",
                    "-no-reboot",
                    "-display",
                    "none",
                    "-serial",
                    "stdio",
                    "-kernel",
                    places.kernel(guest.kernel(), guest.format()),
                    "-initrd",
                    places.kernel(guest.kernel(), guest.initramfs()),
                    "-append",
                    guest.kernelCommandLine()));
            for (GuestDisk disk : guest.disks()) {
                if (disk.vhostUser()) {
                    throw new IllegalArgumentException("a vhost-user disk needs shared memory: see the peer tests");
                }
                words.add("-drive");
                words.add("format=raw,if=virtio,file=" + disk.path() + (disk.readOnly() ? ",readonly=on" : ""));
            }
            words.addAll(guest.options());
            return Command.of("qemu-system-x86_64").with(words);
        }
    }
}
