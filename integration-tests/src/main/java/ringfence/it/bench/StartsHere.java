package ringfence.it.bench;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import ringfence.it.lab.Checkout;

/**
 * Starts on this machine, whose KVM need not be able to run a stock kernel: from before exec to the first instruction of
 * the guest, which writes a byte that is waited for on standard output. See {@link BootKernel} for why that is fair.
 */
final class StartsHere {
    private static final double MOST = 3;
    private static final int DISK = 64 << 20;
    private static final int LOG_ROUNDS = 3;
    private static final long LOG_MILLIS = 3000;

    private final BootOptions options;
    private final PrintStream out;
    private final Path folder;
    private final File errors;
    private final List<String> ours;
    private final List<String> qemu;

    StartsHere(BootOptions options, Checkout checkout, String guests, PrintStream out) throws IOException {
        if (!Files.isWritable(Path.of("/dev/kvm"))) {
            throw new IOException("/dev/kvm cannot be opened here; --only=lab measures in the lab alone");
        }
        this.options = options;
        this.out = out;
        folder = Files.createTempDirectory("ringfence-bench");
        errors = options.output().resolve("boot.errors").toFile();
        Path kernel = folder.resolve("vmlinux");
        Path rom = folder.resolve("rom");
        BootKernel.write(Path.of(guests, "6.1/vmlinux"), kernel);
        BootKernel.writeRom(rom);
        Files.write(disk(), new byte[DISK]);
        String initramfs = guests + "/6.1/initramfs";
        ours = List.of((checkout.product() + "/bin/cloud-hypervisor --kernel " + kernel + " --initramfs " + initramfs
                        + " --cmdline console=ttyS0 --memory size=" + options.megabytes()
                        + "M --serial tty --console off")
                .split(" ", -1));
        qemu = List.of(("qemu-system-x86_64 -M microvm -accel kvm -m " + options.megabytes() + " -bios " + rom
                        + " -kernel " + kernel + " -initrd " + initramfs
                        + " -append console=ttyS0 -nodefaults -no-user-config -display none -serial stdio")
                .split(" ", -1));
    }

    private Path disk() {
        return folder.resolve("disk");
    }

    List<BootRow> run() throws IOException, InterruptedException {
        try {
            Map<String, List<String>> plain = new LinkedHashMap<>();
            plain.put(BootRow.OURS, ours);
            plain.put("microvm", qemu);
            Map<String, List<String>> withDisk = new LinkedHashMap<>();
            withDisk.put(BootRow.OURS, plus(ours, "--disk", "path=" + disk()));
            withDisk.put(
                    "microvm",
                    plus(
                            qemu,
                            "-drive",
                            "if=none,id=d,format=raw,file=" + disk(),
                            "-device",
                            "virtio-blk-device,drive=d"));
            List<BootRow> rows = new ArrayList<>();
            rows.add(starts("here: exec to first KVM_RUN", plain));
            rows.add(starts("here: the same with a disk", withDisk));
            rows.addAll(log());
            return rows;
        } finally {
            for (String file : List.of("vmlinux", "rom", "disk")) {
                Files.deleteIfExists(folder.resolve(file));
            }
            Files.delete(folder);
        }
    }

    private static List<String> plus(List<String> words, String... more) {
        List<String> all = new ArrayList<>(words);
        all.addAll(List.of(more));
        return all;
    }

    /** Alternating; the first round of each only fills the page cache. */
    private BootRow starts(String title, Map<String, List<String>> commands) throws IOException, InterruptedException {
        Samples samples = new Samples();
        for (int round = -1; round < options.rounds(); round++) {
            out.println(title + ", round " + Math.max(0, round) + " of " + options.rounds());
            for (Map.Entry<String, List<String>> command : commands.entrySet()) {
                double millis = Stopwatch.millisToFirstByte(command.getValue(), errors);
                if (round >= 0) {
                    samples.add(command.getKey(), millis);
                }
            }
        }
        return new BootRow(title, "ms", samples, OptionalDouble.of(MOST));
    }

    /** What Log4j costs once there is something to say: it is loaded after the first KVM_RUN. */
    private List<BootRow> log() throws IOException, InterruptedException {
        Samples cpu = new Samples();
        Samples memory = new Samples();
        for (int round = 0; round < LOG_ROUNDS; round++) {
            out.println("here: a start with a log, round " + round + " of " + LOG_ROUNDS);
            account("silent", ours, cpu, memory);
            account(BootRow.OURS, plus(ours, "-v"), cpu, memory);
        }
        return List.of(
                new BootRow("here: processor time with Log4j (-v)", "ms", cpu, OptionalDouble.empty()),
                new BootRow("here: private memory with Log4j (-v)", "MiB", memory, OptionalDouble.empty()));
    }

    private void account(String name, List<String> command, Samples cpu, Samples memory)
            throws IOException, InterruptedException {
        Stopwatch.whileItRuns(command, errors, process -> {
            Thread.sleep(LOG_MILLIS);
            cpu.add(name, new CpuTime(process.pid()).nanos() / 1e6);
            memory.add(name, PrivateMemory.kib(process.pid()) / 1024.0);
        });
    }
}
