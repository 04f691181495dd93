package ringfence.fs.state;

import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Memory;
import ringfence.linux.Seal;
import ringfence.linux.Stat;

/**
 * A state file, mapped: a memfd whose size is sealed, so that no access to the mapping can fault. Owns both.
 *
 * @param file the memfd
 * @param mapping all of it
 * @param words its words, perhaps with a test in between
 * @param layout of what it holds
 */
record StateFile(Fd file, Mapping mapping, Words words, StateLayout layout) implements AutoCloseable {
    private static final int ACCESS_MODE = 3;
    private static final int READ_WRITE = 2;
    private static final long HEADER_BYTES = 4096;

    /** Makes one without a slot in use. */
    static StateFile create(Linux linux, Limits limits, UnaryOperator<Words> between) {
        StateLayout layout = new StateLayout(limits);
        Fd file = linux.memory().memfd("ringfence-fs-state", layout.bytes());
        try {
            linux.memory().seal(file, Seal.SHRINK, Seal.GROW, Seal.SEAL);
            StateFile made = map(linux, file, layout, between);
            Words words = made.words;
            words.set(StateLayout.VERSION, StateLayout.VERSION_VALUE);
            words.set(StateLayout.NODES, limits.nodes());
            words.set(StateLayout.HANDLES, limits.handles());
            words.set(StateLayout.QUEUES, limits.queues());
            words.set(StateLayout.NODES_USED, 1);
            words.set(StateLayout.SESSION, 1);
            words.set(StateLayout.MAGIC, StateLayout.MAGIC_VALUE);
            return made;
        } catch (RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /**
     * Maps one that was handed in, and takes back what its last user had begun.
     *
     * @throws StateException if it is none
     */
    static StateFile open(Linux linux, Fd file, UnaryOperator<Words> between) {
        try {
            Stat stat = linux.files().stat(file);
            OptionalInt seals = linux.memory().seals(file);
            if (!stat.isRegular() || seals.isEmpty() || !Memory.has(seals.getAsInt(), Seal.SHRINK)) {
                throw new StateException("state file: not a memfd whose size is sealed");
            }
            if ((linux.files().statusFlags(file) & ACCESS_MODE) != READ_WRITE) {
                throw new StateException("state file: not open for reading and writing");
            }
            StateFile opened = map(linux, file, layout(linux, file, stat.size()), between);
            try {
                UndoLog.recover(opened.words, opened.layout);
                return opened;
            } catch (RuntimeException e) {
                opened.mapping.close();
                throw e;
            }
        } catch (ErrnoException e) {
            throw new StateException("state file: " + e.getMessage());
        }
    }

    private static StateLayout layout(Linux linux, Fd file, long size) {
        if (size < HEADER_BYTES) {
            throw new StateException("state file: " + size + " bytes are too few");
        }
        try (Mapping header = linux.memory().map(file, 0, HEADER_BYTES)) {
            Words words = new MappedWords(header.segment());
            long magic = words.get(StateLayout.MAGIC);
            long version = words.get(StateLayout.VERSION);
            if (magic != StateLayout.MAGIC_VALUE || version != StateLayout.VERSION_VALUE) {
                throw new StateException("state file: magic=0x" + Long.toHexString(magic) + " version=" + version
                        + ", known is version " + StateLayout.VERSION_VALUE);
            }
            Limits limits = limits(words);
            StateLayout layout = new StateLayout(limits);
            if (layout.bytes() != size) {
                throw new StateException(
                        "state file: " + size + " bytes for " + limits + ", right are " + layout.bytes());
            }
            return layout;
        }
    }

    private static Limits limits(Words words) {
        try {
            return new Limits(
                    number(words.get(StateLayout.NODES)),
                    number(words.get(StateLayout.HANDLES)),
                    number(words.get(StateLayout.QUEUES)));
        } catch (StateException e) {
            throw new StateException("state file: " + e.getMessage());
        }
    }

    /** Out of every range if it is no int. */
    private static int number(long word) {
        return Math.clamp(word, Integer.MIN_VALUE, Integer.MAX_VALUE);
    }

    private static StateFile map(Linux linux, Fd file, StateLayout layout, UnaryOperator<Words> between) {
        Mapping mapping = linux.memory().map(file, 0, layout.bytes());
        linux.memory().adviseNoDump(mapping);
        return new StateFile(file, mapping, between.apply(new MappedWords(mapping.segment())), layout);
    }

    @Override
    public void close() {
        mapping.close();
        file.close();
    }
}
