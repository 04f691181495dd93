package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * What O_DIRECT asks of a request on one file, in bytes, each a power of two.
 *
 * @param memory alignment of the buffer's address
 * @param offset alignment of the file offset and of the length
 */
public record DirectIo(int memory, int offset) {
    private static final int AT_EMPTY_PATH = 0x1000;
    private static final int STATX_DIOALIGN = 0x2000;
    private static final int PAGE = 4096;

    /**
     * Asks the kernel (statx, Linux 6.1), and where it does not know, tries reads of 512 bytes and more.
     *
     * @param direct the file, opened with O_DIRECT for reading
     */
    public static DirectIo of(Linux linux, Fd direct) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment statx = arena.allocate(FileLayout.STATX_SIZE, 8);
            long result = linux.kernel()
                    .call(
                            Syscall.STATX,
                            direct.number(),
                            CString.in(arena, "").address(),
                            AT_EMPTY_PATH,
                            STATX_DIOALIGN,
                            statx.address(),
                            0);
            int memory = statx.get(ValueLayout.JAVA_INT, FileLayout.STX_DIO_MEM_ALIGN);
            int offset = statx.get(ValueLayout.JAVA_INT, FileLayout.STX_DIO_OFFSET_ALIGN);
            boolean knows = (statx.get(ValueLayout.JAVA_INT, FileLayout.STX_MASK) & STATX_DIOALIGN) != 0;
            return result == 0 && knows && memory > 0 && offset > 0
                    ? new DirectIo(memory, offset)
                    : tried(linux.files(), direct, arena.allocate(2 * PAGE, PAGE));
        }
    }

    private static DirectIo tried(Files files, Fd direct, MemorySegment buffer) {
        int offset = PAGE;
        while (offset > 512 && files.tryRead(direct, buffer, 0, offset / 2, 0) >= 0) {
            offset /= 2;
        }
        int memory = PAGE;
        while (memory > 4 && files.tryRead(direct, buffer, memory / 2, offset, 0) >= 0) {
            memory /= 2;
        }
        return new DirectIo(memory, offset);
    }
}
