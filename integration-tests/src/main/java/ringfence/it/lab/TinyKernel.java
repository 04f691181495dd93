package ringfence.it.lab;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A kernel of a few instructions, as an ELF file with PVH's note: enough to look at a VMM before a guest does much. */
public final class TinyKernel {
    private static final int BASE = 0x20_0000;
    private static final int HEADER = 64;
    private static final int PROGRAM_HEADER = 56;
    private static final int CODE_AT = 256;
    private static final int NOTE_AT = 200;
    private static final int XEN_ELFNOTE_PHYS32_ENTRY = 18;

    private TinyKernel() {}

    /** Halts at once, with interrupts off: it does nothing until it is ended. */
    public static byte[] halting() {
        return of(0xF4, 0xEB, 0xFD); // hlt; jmp to it
    }

    /** Powers off by ACPI's sleep register. */
    public static byte[] poweringOff() {
        return of(0x66, 0xBA, 0x00, 0x06, 0xB0, 0x34, 0xEE, 0xF4, 0xEB, 0xFD); // out 0x34 to 0x600; halts
    }

    /** Runs this machine code, in 32-bit protected mode without paging. */
    public static byte[] of(int... code) {
        ByteBuffer file = ByteBuffer.allocate(CODE_AT + code.length).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0, 0x464C457F) // ELF, 64 bits, little-endian, executable, x86-64
                .put(4, (byte) 2)
                .put(5, (byte) 1)
                .putShort(16, (short) 2)
                .putShort(18, (short) 62)
                .putLong(32, HEADER)
                .putShort(54, (short) PROGRAM_HEADER)
                .putShort(56, (short) 2);
        file.putInt(HEADER, 1) // PT_LOAD
                .putLong(HEADER + 8, CODE_AT)
                .putLong(HEADER + 24, BASE)
                .putLong(HEADER + 32, code.length)
                .putLong(HEADER + 40, code.length);
        int second = HEADER + PROGRAM_HEADER;
        file.putInt(second, 4) // PT_NOTE
                .putLong(second + 8, NOTE_AT)
                .putLong(second + 32, 20)
                .putLong(second + 48, 4);
        file.putInt(NOTE_AT, 4)
                .putInt(NOTE_AT + 4, 4)
                .putInt(NOTE_AT + 8, XEN_ELFNOTE_PHYS32_ENTRY)
                .putInt(NOTE_AT + 12, 0x006E6558) // "Xen"
                .putInt(NOTE_AT + 16, BASE);
        for (int i = 0; i < code.length; i++) {
            file.put(CODE_AT + i, (byte) code[i]);
        }
        return file.array();
    }
}
