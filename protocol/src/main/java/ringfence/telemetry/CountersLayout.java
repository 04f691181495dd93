package ringfence.telemetry;

import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.status.CountersReader;

/**
 * Where things lie in a file of counters; native byte order.
 * <pre>
 * struct header { u64 magic; u32 version; u32 capacity; u64 pid; u64 started; u64 ended; u64 ticks;
 *                 u32 name_length; char name[64]; u32 title_length; char title[256]; u32 ever; };
 * struct key    { u32 index; u32 kind; u64 bound; };
 * </pre>
 * Times are milliseconds since 1970; {@code ended} is 0 while the program runs; {@code ticks} is when the process began, as
 * the kernel counts (proc_pid_stat(5), field 22); {@code ever} is one more than the slots that have ever been used, 0 where
 * nobody has said it: behind those there is nothing. The magic is written last. A counter's key is Agrona's, in its metadata;
 * {@code kind} is the ordinal of a {@link CounterKind}, {@code bound} that of a bucket, in nanoseconds.
 */
final class CountersLayout {
    /** "rf-count", the first byte lowest. */
    static final long MAGIC = 0x746e_756f_632d_6672L;

    /** What stands in the magic's place while a file is being made: whoever ends meanwhile leaves it for the next one. */
    static final long BEGUN = 0x6e75_6765_622d_6672L; // "rf-begun"

    static final int VERSION = 2;
    static final int MAGIC_AT = 0;
    static final int VERSION_AT = 8;
    static final int CAPACITY_AT = 12;
    static final int PID_AT = 16;
    static final int STARTED_AT = 24;
    static final int ENDED_AT = 32;
    static final int TICKS_AT = 40;
    /** Agrona's strings: a length of four bytes, then ASCII. */
    static final int NAME_AT = 48;

    static final int TITLE_AT = 116;
    static final int EVER_AT = 376;
    static final int MAX_NAME = 64;
    static final int MAX_TITLE = 256;
    static final int HEADER = 4096;
    /** Most counters of a file, so that a length is an int. */
    static final int MAX_CAPACITY = 1 << 20;

    static final int INDEX_AT = CountersReader.KEY_OFFSET;
    static final int KIND_AT = CountersReader.KEY_OFFSET + 4;
    static final int BOUND_AT = CountersReader.KEY_OFFSET + 8;

    private CountersLayout() {}

    static int metadata(int capacity) {
        return capacity * CountersReader.METADATA_LENGTH;
    }

    static int values(int capacity) {
        return capacity * CountersReader.COUNTER_LENGTH;
    }

    /** Slots of a file of so many that may have been used. */
    static int ever(UnsafeBuffer header, int capacity) {
        int said = header.getInt(EVER_AT) - 1;
        return said < 0 || said > capacity ? capacity : said;
    }

    /** Bytes of a file. */
    static int size(int capacity) {
        return HEADER + metadata(capacity) + values(capacity);
    }
}
