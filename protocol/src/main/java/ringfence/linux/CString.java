package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

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

    /** A null-terminated array of texts. */
    static MemorySegment array(Arena arena, List<String> texts) {
        MemorySegment array = arena.allocate(8L * (texts.size() + 1), 8);
        for (int i = 0; i < texts.size(); i++) {
            array.setAtIndex(ValueLayout.JAVA_LONG, i, in(arena, texts.get(i)).address());
        }
        return array;
    }

    /** The same of a program's environment. */
    static MemorySegment environment(Arena arena, Map<String, String> variables) {
        return array(
                arena,
                new TreeMap<>(variables)
                        .entrySet().stream()
                                .map(e -> e.getKey() + "=" + e.getValue())
                                .toList());
    }
}
