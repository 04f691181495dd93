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
        private static Command bare(int cpus, int memory, String... machine) {
            return Command.of("qemu-system-x86_64")
                    .with(machine)
                    .with("-smp", Integer.toString(cpus), "-m", Integer.toString(memory))
                    .with("-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-serial", "stdio");
        }

        private static List<String> kernel(KvmHost host, GuestSpec guest, String commandLine) {
            Places places = host.places();
            return List.of(
                    "-kernel",
                    places.kernel(guest.kernel(), guest.format()),
                    "-initrd",
                    places.kernel(guest.kernel(), guest.initramfs()),
                    "-append",
                    commandLine);
        }

        @Override
        public Command command(KvmHost host, GuestSpec guest) {
            List<String> words = new ArrayList<>(kernel(host, guest, guest.kernelCommandLine()));
            for (GuestDisk disk : guest.disks()) {
                if (disk.vhostUser()) {
                    throw new IllegalArgumentException("a vhost-user disk needs shared memory: see the peer tests");
                }
                words.add("-drive");
                words.add("format=raw,if=virtio,file=" + disk.path() + (disk.readOnly() ? ",readonly=on" : ""));
            }
            words.addAll(guest.options());
            return bare(guest.cpus(), guest.memory(), "-accel", "kvm", "-cpu", "host", "-M", machine)
                    .with(words);
        }
    }

    /** QEMU without KVM, its guest's memory such that vhost-user back-ends can map it. Disks are among the options. */
    record EmulatedQemu() implements Vmm {
        /** The machine alone: what it boots from is to be added. */
        public static Command machine(int cpus, int memory) {
            return Qemu.bare(
                    cpus,
                    memory,
                    "-accel",
                    "tcg,thread=multi",
                    "-cpu",
                    "max",
                    "-object",
                    "memory-backend-memfd,id=mem,size=" + memory + "M,share=on",
                    "-machine",
                    "pc,memory-backend=mem");
        }

        // no_timer_check: under load, TCG is too slow for the check of the 8254 timer
        @Override
        public Command command(KvmHost host, GuestSpec guest) {
            return machine(guest.cpus(), guest.memory())
                    .with(guest.options())
                    .with(Qemu.kernel(host, guest, guest.kernelCommandLine() + " no_timer_check"));
        }
    }
}
