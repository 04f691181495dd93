package ringfence.vmm.machine;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/** Kernels of a few instructions: ELF files with PVH's note. */
final class TestKernels {
    private static final int BASE = 0x20_0000;
    private static final int NOTE_AT = 200;
    private static final int CODE_AT = 256;

    private static final int STATUS = 20;
    private static final int WINDOW = 0x90; // where VirtioPciFunction has that capability
    private static final int[] POWER_OFF = {0x66, 0xBA, 0x00, 0x06, 0xB0, 0x34, 0xEE, 0xF4, 0xEB, 0xFD}; // and halts

    private TestKernels() {}

    /** It halts, with interrupts off. */
    static byte[] halting() {
        return of(0xF4, 0xEB, 0xFD);
    }

    /** It powers off: 0x34 to port 0x600. */
    static byte[] poweringOff() {
        return of(POWER_OFF);
    }

    /** It does what has no meaning, and has nobody to complain to: a triple fault. */
    static byte[] failing() {
        return of(0x0F, 0x0B);
    }

    /**
     * It makes the device in slot 1 run, without a queue, resets it, and powers off. It reaches the registers through the
     * window in the configuration space (virtio 1.3, 4.1.4.9), and that through ports 0xCF8 and 0xCFC.
     */
    static byte[] driving() {
        List<Integer> code = new ArrayList<>();
        register(code, STATUS, 1, 0);
        register(code, STATUS, 1, 3); // ACKNOWLEDGE, DRIVER
        register(code, 8, 4, 1); // the upper half of the features,
        register(code, 12, 4, 1); // VERSION_1
        register(code, STATUS, 1, 0xB); // FEATURES_OK
        register(code, STATUS, 1, 0xF); // DRIVER_OK
        register(code, STATUS, 1, 0);
        for (int b : POWER_OFF) {
            code.add(b);
        }
        return of(code.stream().mapToInt(Integer::intValue).toArray());
    }

    private static void register(List<Integer> code, int offset, int width, int value) {
        config(code, WINDOW + 8, offset);
        config(code, WINDOW + 12, width);
        config(code, WINDOW + 16, value);
    }

    private static void config(List<Integer> code, int offset, int value) {
        out(code, 0xCF8, 0x8000_0000 | 1 << 11 | offset);
        out(code, 0xCFC, value);
    }

    /** mov dx, port; mov eax, value; out dx, eax. */
    private static void out(List<Integer> code, int port, int value) {
        code.addAll(List.of(0x66, 0xBA, port & 0xFF, port >> 8, 0xB8));
        for (int shift = 0; shift < 32; shift += 8) {
            code.add(value >> shift & 0xFF);
        }
        code.add(0xEF);
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
