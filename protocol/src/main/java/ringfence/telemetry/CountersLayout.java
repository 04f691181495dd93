package ringfence.telemetry;

import org.agrona.concurrent.status.CountersReader;

/**
 * Where things lie in a file of counters; native byte order.
 * <pre>
 * struct header { u64 magic; u32 version; u32 capacity; u64 pid; u64 started; u64 ended; u32 name_length; char name[64]; };
 * </pre>
 * Times are milliseconds since 1970; {@code ended} is 0 while the program runs. The magic is written last.
 */
final class CountersLayout {
    /** "rf-count", the first byte lowest. */
    static final long MAGIC = 0x746e_756f_632d_6672L;

    static final int VERSION = 1;
    static final int MAGIC_AT = 0;
    static final int VERSION_AT = 8;
    static final int CAPACITY_AT = 12;
    static final int PID_AT = 16;
    static final int STARTED_AT = 24;
    static final int ENDED_AT = 32;
    /** Agrona's strings: a length of four bytes, then ASCII. */
    static final int NAME_AT = 40;

    static final int MAX_NAME = 64;
    static final int HEADER = 4096;
    /** Most counters of a file, so that a length is an int. */
    static final int MAX_CAPACITY = 1 << 20;

    private CountersLayout() {}

    static int metadata(int capacity) {
        return capacity * CountersReader.METADATA_LENGTH;
    }

    static int values(int capacity) {
        return capacity * CountersReader.COUNTER_LENGTH;
    }

    /** Bytes of a file. */
    static int size(int capacity) {
        return HEADER + metadata(capacity) + values(capacity);
    }
}
