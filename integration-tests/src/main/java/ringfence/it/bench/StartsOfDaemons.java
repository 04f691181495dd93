package ringfence.it.bench;

import java.io.File;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import ringfence.it.fuse.FsProgram;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Trees;
import ringfence.linux.Linux;

/**
 * How soon a device's daemon serves: from before exec until VHOST_USER_GET_FEATURES, a front-end's first message, is
 * answered. That is the gap of a device whose daemon has died, but for what its VMM then does.
 */
final class StartsOfDaemons {
    /** VHOST_USER_GET_FEATURES, version 1, no payload: three words, as every x86 has them. */
    private static final byte[] GET_FEATURES = {1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
    /** The same header before a word of 64 bits. */
    private static final int ANSWER = 12 + 8;

    private static final int DISK = 64 << 20;

    private final BootOptions options;
    private final Checkout checkout;
    private final PrintStream out;
    private final Linux linux = Linux.system();
    private final Path folder;
    private final Path socket;
    private final File errors;

    StartsOfDaemons(BootOptions options, Checkout checkout, PrintStream out) throws IOException {
        this.options = options;
        this.checkout = checkout;
        this.out = out;
        folder = Files.createTempDirectory("ringfence-bench");
        socket = folder.resolve("socket");
        errors = options.output().resolve("boot.errors").toFile();
    }

    List<BootRow> run() throws IOException, InterruptedException {
        try {
            Path disk = Files.write(folder.resolve("disk"), new byte[DISK]);
            Path shared = Files.createDirectory(folder.resolve("shared"));
            List<String> block = Contender.RINGFENCE.command(program("vhost-user-blk"), disk, socket, 1, false);
            List<String> qsd = Contender.QEMU_THREADS.command(List.of(), disk, socket, 1, false);
            List<String> files = FsProgram.ours(program("vhost-user-fs")).on(shared, socket, "auto", List.of());
            Optional<FsProgram> virtiofsd = FsProgram.virtiofsd();
            return List.of(
                    row("vhost-user-blk", block, "qsd", Optional.of(qsd)),
                    row(
                            "vhost-user-fs",
                            files,
                            "virtiofsd",
                            virtiofsd.map(peer -> peer.on(shared, socket, "auto", List.of()))),
                    row(
                            "vhost-user-net, a switch",
                            List.of(
                                    checkout.product() + "/bin/vhost-user-net",
                                    "--socket-path=" + socket,
                                    "--backend=switch"),
                            "",
                            Optional.empty()));
        } finally {
            Trees.remove(folder);
        }
    }

    private List<String> program(String name) {
        return List.of(checkout.product() + "/bin/" + name);
    }

    /** Alternating; one round more, the first, only fills the page cache. */
    private BootRow row(String title, List<String> ours, String other, Optional<List<String>> others)
            throws IOException, InterruptedException {
        Samples samples = new Samples();
        for (int round = -1; round < options.rounds(); round++) {
            out.println("here: a start of " + title + ", round " + Math.max(0, round) + " of " + options.rounds());
            double millis = start(ours);
            double beside = others.isPresent() ? start(others.get()) : 0;
            if (round >= 0) {
                samples.add(BootRow.OURS, millis);
                if (others.isPresent()) {
                    samples.add(other, beside);
                }
            }
        }
        return new BootRow("here: exec to first answer, " + title, "ms", samples, OptionalDouble.empty());
    }

    private double start(List<String> command) throws IOException, InterruptedException {
        return ColdProcess.millisToAnswer(
                linux, command, socket, errors, GET_FEATURES, answer -> answer.length >= ANSWER);
    }
}
