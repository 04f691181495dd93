package ringfence.vmm.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import ringfence.linux.Linux;

/**
 * What the programs do when their AOT caches are trained: a machine is built, started, and powered off by its guest, on
 * a host with or without KVM, since KVM alone is played by {@link RehearsalKernel}. All else is the program's own code
 * on the running kernel.
 *
 * <p>The first word is the program's name, the others its own; {@code KERNEL} and {@code DISK} among them are replaced
 * by files that are made in the current directory.
 */
public final class Rehearsal {
    private static final int ENTRY = 0x10_0000;
    private static final int CODE = 4096;
    /** Of the kernel: enough that loading it has the helpers that a real one has. */
    private static final int SIZE = 9 << 20;

    private static final int DISK = 1 << 20;

    private Rehearsal() {}

    /** Runs it, and ends the process with its exit code. */
    public static void main(String[] words) throws IOException {
        Path kernel = Path.of("rehearsal-kernel").toAbsolutePath();
        Path disk = Path.of("rehearsal-disk").toAbsolutePath();
        Files.write(kernel, kernel());
        Files.write(disk, new byte[DISK]);
        List<String> own = Arrays.stream(words)
                .skip(1)
                .map(word -> word.replace("KERNEL", kernel.toString()).replace("DISK", disk.toString()))
                .toList();
        Linux linux = new Linux(new RehearsalKernel());
        if (words[0].equals("ringfence")) {
            RingfenceMain.run(linux, own);
        } else {
            ApiRehearsal.run(() -> new Linux(new RehearsalKernel()), kernel, disk);
            CloudHypervisorMain.run(linux, own);
        }
    }

    /** An ELF file with a PVH entry and nothing to run. */
    private static byte[] kernel() {
        ByteBuffer file = ByteBuffer.allocate(CODE + SIZE).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0x464C457F).put((byte) 2).put((byte) 1).put((byte) 1);
        file.position(16);
        file.putShort((short) 2)
                .putShort((short) 62)
                .putInt(1)
                .putLong(ENTRY)
                .putLong(64)
                .putLong(0)
                .putInt(0);
        file.putShort((short) 64).putShort((short) 56).putShort((short) 2);
        segment(file, 64, 1, CODE, SIZE, 4096);
        segment(file, 64 + 56, 4, 512, 20, 4);
        file.position(512);
        file.putInt(4).putInt(4).putInt(18).putInt(0x006E6558).putInt(ENTRY);
        return file.array();
    }

    private static void segment(ByteBuffer file, int at, int type, long offset, long size, long alignment) {
        file.position(at);
        file.putInt(type).putInt(5).putLong(offset).putLong(ENTRY).putLong(ENTRY);
        file.putLong(size).putLong(size).putLong(alignment);
    }
}
