package ringfence.it.bench;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What monitors are given to run where KVM cannot run a stock kernel: one whose first instructions write a byte to the
 * serial port, and halt. For all that a monitor does before, it is that kernel: its size, its segments, its PVH entry.
 */
final class BootKernel {
    private static final int PROGRAM_HEADER = 56;
    private static final int PT_LOAD = 1;
    private static final int PT_NOTE = 4;
    private static final int XEN_ELFNOTE_PHYS32_ENTRY = 18;
    private static final int NOTE_HEADER = 12;
    private static final int ROM = 1 << 16;
    private static final int RESET = 0xFFF0;

    /** mov al, 'B'; out dx, al; hlt; and halt again. */
    private static final byte[] WRITE = {(byte) 0xB0, 'B', (byte) 0xEE, (byte) 0xF4, (byte) 0xEB, (byte) 0xFD};

    private BootKernel() {}

    /** The kernel with another entry. @throws IOException if it is no kernel with a PVH entry */
    static void write(Path vmlinux, Path to) throws IOException {
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(vmlinux)).order(ByteOrder.LITTLE_ENDIAN);
        file.position(inFile(file, entry(file)));
        file.put(new byte[] {0x66, (byte) 0xBA, (byte) 0xF8, 0x03}); // mov dx, 0x3F8
        file.put(WRITE);
        Files.write(to, file.array());
    }

    /**
     * Firmware that does the same at the reset vector. QEMU enters no kernel itself, so without it the firmware's own
     * work would count, which an emulated processor makes long.
     */
    static void writeRom(Path to) throws IOException {
        ByteBuffer rom = ByteBuffer.allocate(ROM);
        rom.position(RESET);
        rom.put(new byte[] {(byte) 0xBA, (byte) 0xF8, 0x03}).put(WRITE); // mov dx, 0x3F8
        Files.write(to, rom.array());
    }

    private static long entry(ByteBuffer file) throws IOException {
        for (int header : headers(file)) {
            if (file.getInt(header) != PT_NOTE) {
                continue;
            }
            int at = (int) file.getLong(header + 8);
            long end = at + file.getLong(header + 32);
            while (at < end) {
                int name = file.getInt(at);
                int size = file.getInt(at + 4);
                int value = at + NOTE_HEADER + aligned(name);
                if (file.getInt(at + 8) == XEN_ELFNOTE_PHYS32_ENTRY) {
                    return file.getInt(value) & 0xFFFFFFFFL;
                }
                at = value + aligned(size);
            }
        }
        throw new IOException("no PVH entry");
    }

    private static int inFile(ByteBuffer file, long address) throws IOException {
        for (int header : headers(file)) {
            long from = address - file.getLong(header + 24);
            if (file.getInt(header) == PT_LOAD && from >= 0 && from < file.getLong(header + 32)) {
                return (int) (file.getLong(header + 8) + from);
            }
        }
        throw new IOException("its entry is in no segment");
    }

    private static int[] headers(ByteBuffer file) {
        int[] headers = new int[file.getShort(56)];
        for (int i = 0; i < headers.length; i++) {
            headers[i] = (int) file.getLong(32) + i * PROGRAM_HEADER;
        }
        return headers;
    }

    private static int aligned(int size) {
        return (size + 3) & ~3;
    }
}
