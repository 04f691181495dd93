package ringfence.fs.state;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/** Bytes in words: names, file handles, replies. The last word is filled up with zeros. */
final class WordBytes {
    private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private WordBytes() {}

    /** How many words hold so many bytes. */
    static int words(int bytes) {
        return (bytes + 7) / 8;
    }

    /** The word {@code index} of {@code length} bytes at {@code offset}. */
    static long word(MemorySegment from, long offset, int length, int index) {
        long at = offset + 8L * index;
        int rest = length - 8 * index;
        if (rest >= 8) {
            return from.get(WORD, at);
        }
        long word = 0;
        for (int i = 0; i < rest; i++) {
            word |= (from.get(ValueLayout.JAVA_BYTE, at + i) & 0xFFL) << 8 * i;
        }
        return word;
    }

    /** Stores bytes. Not undone: for slots that are not in use yet. */
    static void store(Words words, long at, MemorySegment from, long offset, int length) {
        for (int i = 0; i < words(length); i++) {
            words.set(at + i, word(from, offset, length, i));
        }
    }

    /** Copies bytes out. */
    static void load(Words words, long at, MemorySegment into, int length) {
        int whole = length / 8;
        for (int i = 0; i < whole; i++) {
            into.set(WORD, 8L * i, words.get(at + i));
        }
        if (whole * 8 < length) {
            long word = words.get(at + whole);
            for (int i = whole * 8; i < length; i++) {
                into.set(ValueLayout.JAVA_BYTE, i, (byte) word);
                word >>>= 8;
            }
        }
    }
}
