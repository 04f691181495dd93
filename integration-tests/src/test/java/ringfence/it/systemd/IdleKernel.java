package ringfence.it.systemd;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** A guest's kernel with an entry by PVH, whose only processor halts. */
final class IdleKernel {
    private static final int ENTRY = 0x10_0000;
    private static final int NOTE = 512;
    private static final int CODE = 4096;
    private static final int SIZE = 4096;
    private static final byte[] HALT = {(byte) 0xF4, (byte) 0xEB, (byte) 0xFD}; // hlt; jmp to it

    private IdleKernel() {}

    /** The ELF file. */
    static byte[] file() {
        ByteBuffer file = ByteBuffer.allocate(CODE + SIZE).order(ByteOrder.LITTLE_ENDIAN);
        file.putInt(0x464C457F).put((byte) 2).put((byte) 1).put((byte) 1);
        file.position(16)
                .putShort((short) 2)
                .putShort((short) 62)
                .putInt(1)
                .putLong(ENTRY)
                .putLong(64);
        file.position(52).putShort((short) 64).putShort((short) 56).putShort((short) 2);
        segment(file.position(64), 1, CODE, SIZE);
        segment(file.position(64 + 56), 4, NOTE, 20);
        file.position(NOTE).putInt(4).putInt(4).putInt(18).putInt(0x006E6558).putInt(ENTRY);
        file.position(CODE).put(HALT);
        return file.array();
    }

    private static void segment(ByteBuffer file, int type, long offset, long size) {
        file.putInt(type).putInt(5).putLong(offset).putLong(ENTRY).putLong(ENTRY);
        file.putLong(size).putLong(size).putLong(4);
    }
}
