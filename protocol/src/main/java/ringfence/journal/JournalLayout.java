package ringfence.journal;

import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/** Where things lie in a ring's file and in a record; native byte order. */
final class JournalLayout {
    /** "rf-journ", the first byte lowest. */
    static final long MAGIC = 0x6e72_756f_6a2d_6672L;

    static final int VERSION = 1;
    static final int PAGE = 4096;

    /** Of the header. */
    static final int MAGIC_AT = 0;

    static final int VERSION_AT = 8;
    static final int CAPACITY_AT = 12;
    static final int PID_AT = 16;
    /** Milliseconds since 1970. */
    static final int STARTED_AT = 24;
    /** Written by the VMM's threads, in a cache line of its own. */
    static final int LOST_AT = 128;
    /** Written by whoever consumes. */
    static final int CONSUMED_AT = 256;
    /** A text: two bytes that count its chars, then these. */
    static final int LABEL_AT = 384;

    /** Bytes of a VMM's ring: more than a thousand events. */
    static final int CAPACITY = 256 << 10;

    static final int MIN_CAPACITY = 64 << 10;
    static final int MAX_CAPACITY = 16 << 20;
    static final int TAIL = RingBufferDescriptor.TAIL_POSITION_OFFSET;
    static final int HEAD = RingBufferDescriptor.HEAD_POSITION_OFFSET;

    /** Agrona's type of our records. */
    static final int TYPE = 1;

    /** Of a record, behind Agrona's header: nanoseconds since the ring was made, milliseconds since 1970. */
    static final int NANOS_AT = 0;

    static final int MILLIS_AT = 8;
    /** How many were dropped before it. */
    static final int RECORD_LOST_AT = 16;
    /** Source, name, and in turns key and value of each property. */
    static final int TEXTS_AT = 24;

    static final int MAX_CHARS = 1024;
    static final int MAX_TEXTS = 12;
    static final int MAX_RECORD = TEXTS_AT + MAX_TEXTS * (Short.BYTES + MAX_CHARS * Character.BYTES);

    private JournalLayout() {}

    /** Where the trailer begins. */
    static int trailer(int capacity) {
        return PAGE + capacity;
    }

    /** Bytes of a file. */
    static int size(int capacity) {
        return trailer(capacity) + PAGE;
    }
}
