package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * Texts as C takes them. {@code Arena.allocateFrom(String)} does the same, but its first use links a pattern switch inside
 * the JDK, which no AOT cache holds: 5 ms on the way to a guest's first instruction.
 */
final class CString {
    private CString() {}

    /** The text in UTF-8, ended by a zero byte. */
    static MemorySegment in(Arena arena, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        MemorySegment segment = arena.allocate(bytes.length + 1L);
        MemorySegment.copy(MemorySegment.ofArray(bytes), 0, segment, 0, bytes.length);
        return segment;
    }
}
