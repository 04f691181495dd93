package ringfence.vmm.machine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Kernels of a few instructions: ELF files with PVH's note. */
final class TestKernels {
    private static final int BASE = 0x20_0000;
    private static final int NOTE_AT = 200;
    private static final int CODE_AT = 256;

    private TestKernels() {}

    /** It halts, with interrupts off. */
    static byte[] halting() {
        return of(0xF4, 0xEB, 0xFD);
    }

    /** It powers off: 0x34 to port 0x600. */
    static byte[] poweringOff() {
        return of(0x66, 0xBA, 0x00, 0x06, 0xB0, 0x34, 0xEE, 0xF4, 0xEB, 0xFD);
    }

    /** It does what has no meaning, and has nobody to complain to: a triple fault. */
    static byte[] failing() {
        return of(0x0F, 0x0B);
    }

    private static byte[] of(int... code) {
        ByteBuffer file = ByteBuffer.allocate(CODE_AT + code.length).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0, 0x464C457F).put(4, (byte) 2).put(5, (byte) 1);
        file.putShort(16, (short) 2).putShort(18, (short) 62).putLong(32, 64);
        file.putShort(54, (short) 56).putShort(56, (short) 2);
        file.putInt(64, 1).putLong(64 + 8, CODE_AT).putLong(64 + 24, BASE); // PT_LOAD
        file.putLong(64 + 32, code.length).putLong(64 + 40, code.length);
        file.putInt(120, 4).putLong(120 + 8, NOTE_AT).putLong(120 + 32, 20).putLong(120 + 48, 4); // PT_NOTE
        file.putInt(NOTE_AT, 4).putInt(NOTE_AT + 4, 4).putInt(NOTE_AT + 8, 18); // PHYS32_ENTRY
        file.putInt(NOTE_AT + 12, 0x006E6558).putInt(NOTE_AT + 16, BASE);
        for (int i = 0; i < code.length; i++) {
            file.put(CODE_AT + i, (byte) code[i]);
        }
        return file.array();
    }
}
