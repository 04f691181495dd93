package ringfence.it.fault;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.blk.image.Fence;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.OpenFlag;
import ringfence.process.LockHolders;

/**
 * A program: kills a {@link FenceVictim}, takes its fence, and sees whether anything lands after that, in the image or in
 * the memory. Arguments: a directory for the image, one on tmpfs for the memory, requests, then for each proof the
 * operation and the kind of files as the victim takes them. Prints a line for each; ends with an exception where anything
 * landed too late, where nothing landed at all, and for the control, where the disk could be made slow and nothing landed
 * late.
 */
public final class FenceProof {
    private static final long PATIENCE = 60_000_000_000L;
    private static final int STRIDE = 4096;
    /** How long all requests take together. */
    private static final int SLOW_SECONDS = 2;

    private final Linux linux = Linux.system();
    private final Path image;
    private final Path memory;
    private final Path lock;
    private final int requests;
    private final long size;

    private FenceProof(Path folder, Path tmpfs, int requests) {
        image = folder.resolve("fence-disk.img");
        lock = folder.resolve("fence-lock");
        memory = tmpfs.resolve("fence-ram-" + ProcessHandle.current().pid());
        this.requests = requests;
        size = (long) FenceVictim.REQUEST * requests;
    }

    /** See the class. */
    public static void main(String[] arguments) throws Exception {
        FenceProof proof = new FenceProof(Path.of(arguments[0]), Path.of(arguments[1]), Integer.parseInt(arguments[2]));
        try {
            for (int i = 3; i < arguments.length; i += 2) {
                proof.prove(arguments[i], arguments[i + 1]);
            }
        } finally {
            for (Path file : List.of(proof.image, proof.lock, proof.memory)) {
                Files.deleteIfExists(file);
            }
        }
    }

    private void prove(String operation, String files) throws Exception {
        boolean reading = operation.equals("read");
        fill(image, reading ? FenceVictim.PATTERN : 0);
        fill(memory, 0);
        Optional<SlowDisk> slow = SlowDisk.of(image, size / SLOW_SECONDS);
        try {
            prove(operation, files, slow);
        } finally {
            if (slow.isPresent()) {
                slow.get().close();
            }
        }
    }

    private void prove(String operation, String files, Optional<SlowDisk> slow) throws Exception {
        boolean reading = operation.equals("read");
        // held by somebody else all the time, as by a VMM or a service manager
        try (Fd held = linux.files().open(image.toString(), OpenFlag.RDWR, OpenFlag.DIRECT);
                Fd ram = linux.files().open(memory.toString(), OpenFlag.RDWR);
                Mapping mapping = linux.memory().map(ram, 0, size)) {
            kill(operation, files, slow);
            long dead = System.nanoTime();
            try (Fence fence = Fence.take(linux, lock.toString(), PATIENCE, new LockHolders())) {
                long waited = System.nanoTime() - dead;
                int atFence = landed(reading, mapping.segment());
                Thread.sleep(slow.isPresent() ? 1000L * SLOW_SECONDS : 500);
                int later = landed(reading, mapping.segment());
                System.out.printf(
                        "fence, %s, %s: taken %d ms after the death; %d of %d MiB had landed, %d MiB came after it%n",
                        operation,
                        files,
                        waited / 1_000_000,
                        mebibytes(atFence),
                        size >> 20,
                        mebibytes(later - atFence));
                if (later == 0 || files.equals("control") && slow.isPresent() && later == atFence) {
                    throw new IllegalStateException(operation + ", " + files + " proves nothing: see what had landed");
                }
                if (!held.isOpen() || !fence.fd().isOpen() || !files.equals("control") && later != atFence) {
                    throw new IllegalStateException(operation + ", " + files + ": landed after the fence");
                }
            }
        }
    }

    private void kill(String operation, String files, Optional<SlowDisk> slow) throws Exception {
        List<String> command = new ArrayList<>(DaemonCommand.java(FenceVictim.class));
        command.addAll(List.of(image.toString(), memory.toString(), lock.toString(), operation, files));
        command.add(Integer.toString(requests));
        Process victim = new ProcessBuilder(command)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        if (slow.isPresent()) {
            slow.get().slow(victim);
        }
        List<String> said = new ArrayList<>();
        try (BufferedReader lines = victim.inputReader()) {
            String line;
            do {
                line = lines.readLine();
                said.add(line);
            } while (line != null && !line.equals("queued"));
        }
        victim.destroyForcibly().waitFor();
        if (!"queued".equals(said.getLast())) {
            throw new IllegalStateException("the victim has queued nothing, but said: " + said);
        }
    }

    private static int mebibytes(int pages) {
        return pages * STRIDE >> 20;
    }

    private void fill(Path file, long word) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        while (chunk.hasRemaining()) {
            chunk.putLong(word);
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            for (long done = 0; done < size; done += chunk.capacity()) {
                channel.write(chunk.rewind());
            }
            channel.force(true);
        }
    }

    /** Pages that hold the pattern: in memory for reads, in the image for writes. */
    private int landed(boolean reading, MemorySegment ram) throws IOException {
        int pages = 0;
        if (reading) {
            for (long at = 0; at < size; at += STRIDE) {
                pages += ram.get(ValueLayout.JAVA_LONG, at) == FenceVictim.PATTERN ? 1 : 0;
            }
            return pages;
        }
        ByteBuffer chunk = ByteBuffer.allocate(1 << 20).order(ByteOrder.LITTLE_ENDIAN);
        try (FileChannel channel = FileChannel.open(image, StandardOpenOption.READ)) {
            while (channel.read(chunk.clear()) > 0) {
                for (int at = 0; at < chunk.position(); at += STRIDE) {
                    pages += chunk.getLong(at) == FenceVictim.PATTERN ? 1 : 0;
                }
            }
        }
        return pages;
    }
}
