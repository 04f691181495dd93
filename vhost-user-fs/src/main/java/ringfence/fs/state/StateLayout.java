package ringfence.fs.state;

/**
 * Where things lie in a state file, in words of 8 bytes. All areas have fixed slots, so that an index is all that a
 * reference needs, and a hole in the file is a row of free slots.
 *
 * <pre>
 *  word 0        magic | version | nodes | handles | queues                     written once
 *       8        session | begun, minor | flags | max write | nodes used | handles used | locks used
 *       64       undo count
 *       512      undo entries:  word | value before          x {@value #UNDO_CAPACITY}
 *       LOGS     4 entries of 64 words per queue
 *                session | unique | opcode | status, length | sequence | facts x 4 | reply x 32
 *       LOCKS    8 words each, {@value #LOCKS} of them
 *                node's id | session | owner | first byte | last byte | process, flock, write
 *       HANDLES  8 words each
 *                id | session | node's id | flags, directory
 *       NODES    64 words each, from a page's beginning on; the root is the first
 *                id | session | device | inode | mode, superseded | lookups | references | parent's id
 *                lengths of name and handle | name x 32 | file handle x 17
 * </pre>
 *
 * <p>A slot is in use if its session is the file's. So one store voids them all. An id is {@code generation << 24 | slot};
 * the generation grows each time the slot is taken, whatever the session.
 */
final class StateLayout {
    /** "RFFSTATE". */
    static final long MAGIC_VALUE = 0x4554_4154_5346_4652L;

    static final int VERSION_VALUE = 2;

    static final long MAGIC = 0;
    static final long VERSION = 1;
    static final long NODES = 2;
    static final long HANDLES = 3;
    static final long QUEUES = 4;

    static final long SESSION = 8;
    /** {@code begun << 32 | minor}. */
    static final long INIT = 9;

    static final long FLAGS = 10;
    static final long MAX_WRITE = 11;
    /** Slots from here on have not been used in this session. */
    static final long NODES_USED = 12;

    static final long HANDLES_USED = 13;
    static final long LOCKS_USED = 14;
    static final long HEADER_END = 15;

    static final long UNDO_COUNT = 64;
    static final long UNDO = 512;
    static final int UNDO_CAPACITY = 1 << 14;
    private static final long LOGS = UNDO + 2L * UNDO_CAPACITY;

    static final int LOG_ENTRIES = 4;
    private static final int LOG_WORDS = 64;
    static final int LOG_SESSION = 0;
    static final int LOG_UNIQUE = 1;
    static final int LOG_OPCODE = 2;
    /** {@code length << 32 | BEGUN or DONE}. */
    static final int LOG_STATUS = 3;

    static final int LOG_SEQUENCE = 4;
    static final int LOG_FACTS = 5;
    static final int LOG_REPLY = 9;

    static final int LOCKS = 4096;
    static final int LOCK_WORDS = 8;
    static final int LOCK_NODE = 0;
    static final int LOCK_OWNER = 2;
    static final int LOCK_START = 3;
    static final int LOCK_END = 4;
    /** {@code process << 32 | flock << 1 | write}. */
    static final int LOCK_KIND = 5;

    static final int HANDLE_WORDS = 8;
    static final int HANDLE_NODE = 2;
    /** {@code directory << 32 | flags}. */
    static final int HANDLE_FLAGS = 3;

    static final int NODE_WORDS = 64;
    static final int NODE_DEVICE = 2;
    static final int NODE_INODE = 3;
    /** {@code superseded << 32 | mode}. */
    static final int NODE_MODE = 4;

    static final int NODE_LOOKUPS = 5;
    static final int NODE_REFERENCES = 6;
    static final int NODE_PARENT = 7;
    /** {@code file handle's << 16 | name's}. */
    static final int NODE_LENGTHS = 8;

    static final int NODE_NAME = 9;
    static final int NODE_FILE_HANDLE = 41;

    /** Of nodes and handles. */
    static final int ID = 0;
    /** Of nodes, handles and locks; 0: free. */
    static final int LIVES_IN = 1;

    static final int S_IFMT = 0xF000;
    static final int S_IFREG = 0x8000;

    static final int MAX_NAME = 255;
    /** {@code u32 bytes; i32 type}, and 128 of data (MAX_HANDLE_SZ). */
    static final int MAX_FILE_HANDLE = 136;

    static final int SLOT_BITS = 24;
    static final long SLOT_MASK = (1L << SLOT_BITS) - 1;
    /** An id is never negative. */
    private static final long MAX_GENERATION = (1L << 63 - SLOT_BITS) - 1;

    private static final int PAGE_WORDS = 512;

    private final Limits limits;
    private final long locks;
    private final long handles;
    private final long nodes;

    StateLayout(Limits limits) {
        this.limits = limits;
        locks = LOGS + (long) limits.queues() * LOG_ENTRIES * LOG_WORDS;
        handles = locks + (long) LOCKS * LOCK_WORDS;
        long end = handles + (long) limits.handles() * HANDLE_WORDS;
        nodes = (end + PAGE_WORDS - 1) / PAGE_WORDS * PAGE_WORDS;
    }

    Limits limits() {
        return limits;
    }

    /** Words of the whole file, whole pages. */
    long words() {
        long end = nodes + (long) limits.nodes() * NODE_WORDS;
        return (end + PAGE_WORDS - 1) / PAGE_WORDS * PAGE_WORDS;
    }

    long bytes() {
        return words() << 3;
    }

    long node(int slot) {
        return nodes + (long) slot * NODE_WORDS;
    }

    long handle(int slot) {
        return handles + (long) slot * HANDLE_WORDS;
    }

    long lock(int slot) {
        return locks + (long) slot * LOCK_WORDS;
    }

    static long logEntry(int queue, int entry) {
        return LOGS + ((long) queue * LOG_ENTRIES + entry) * LOG_WORDS;
    }

    /** Whether a transaction can have changed this word. */
    boolean isChangeable(long word) {
        return word >= SESSION && word < HEADER_END || word >= LOGS && word < words();
    }

    /** The id that follows in a slot, and that no earlier id equals (but after 2^39 of them). */
    static long nextId(long id, int slot) {
        long generation = (id >>> SLOT_BITS) + 1;
        return (generation > MAX_GENERATION ? 1 : generation) << SLOT_BITS | slot;
    }

    /** Whether an id can be that of a slot. */
    static boolean isId(long id, int slot) {
        return id >> SLOT_BITS > 0 && (id & SLOT_MASK) == slot;
    }
}
