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

    private static final int COMMAND = 4;
    private static final int DECODE = 2;
    private static final int BAR2 = 0x18;
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

    /** It sees to it that the device in slot 1 has its second BAR at this address, and counts there for ever. */
    static byte[] counting(int address) {
        List<Integer> code = new ArrayList<>();
        config(1, code, BAR2, address);
        config(1, code, BAR2 + 4, 0);
        config(1, code, COMMAND, DECODE);
        code.addAll(List.of(0xFE, 0x05)); // inc byte [address]
        bytes(code, address);
        code.addAll(List.of(0xEB, 0xF8)); // back to it
        return of(code.stream().mapToInt(Integer::intValue).toArray());
    }

    /** It gives the watchdog in slot 2 one buffer, and falls silent. */
    static byte[] fallingSilent() {
        int descriptors = 0x30_0000;
        int available = 0x30_1000;
        int used = 0x30_2000;
        List<Integer> code = new ArrayList<>();
        store(code, descriptors, 0x31_0000); // where the buffer is,
        store(code, descriptors + 8, 1); // its length,
        store(code, descriptors + 12, 2); // and that it is to be written
        store(code, available, 1 << 16); // one chain, which begins with descriptor 0
        registerOf(2, code, STATUS, 1, 3);
        registerOf(2, code, 8, 4, 1);
        registerOf(2, code, 12, 4, 1);
        registerOf(2, code, STATUS, 1, 0xB);
        registerOf(2, code, 0x18, 2, 8); // size of queue 0
        registerOf(2, code, 0x20, 4, descriptors);
        registerOf(2, code, 0x28, 4, available);
        registerOf(2, code, 0x30, 4, used);
        registerOf(2, code, 0x1C, 2, 1); // it is enabled
        registerOf(2, code, STATUS, 1, 0xF);
        code.addAll(List.of(0xF4, 0xEB, 0xFD));
        return of(code.stream().mapToInt(Integer::intValue).toArray());
    }

    /** mov dword [address], value. */
    private static void store(List<Integer> code, int address, int value) {
        code.addAll(List.of(0xC7, 0x05));
        bytes(code, address);
        bytes(code, value);
    }

    private static void register(List<Integer> code, int offset, int width, int value) {
        registerOf(1, code, offset, width, value);
    }

    private static void registerOf(int slot, List<Integer> code, int offset, int width, int value) {
        config(slot, code, WINDOW + 8, offset);
        config(slot, code, WINDOW + 12, width);
        config(slot, code, WINDOW + 16, value);
    }

    private static void config(int slot, List<Integer> code, int offset, int value) {
        out(code, 0xCF8, 0x8000_0000 | slot << 11 | offset);
        out(code, 0xCFC, value);
    }

    /** mov dx, port; mov eax, value; out dx, eax. */
    private static void out(List<Integer> code, int port, int value) {
        code.addAll(List.of(0x66, 0xBA, port & 0xFF, port >> 8, 0xB8));
        bytes(code, value);
        code.add(0xEF);
    }

    private static void bytes(List<Integer> code, int value) {
        for (int shift = 0; shift < 32; shift += 8) {
            code.add(value >> shift & 0xFF);
        }
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
