package ringfence.journal;

/** What is at a position of a ring. */
public sealed interface Step {
    /**
     * A record.
     *
     * @param bytes a copy of what was written, for {@link JournalEvent#of}
     * @param next the position behind it
     */
    record Taken(byte[] bytes, long next) implements Step {}

    /** Nothing to be told. @param next the position behind it, larger */
    record Passed(long next) implements Step {}

    /** Nothing yet, or somebody else has it already. */
    enum Nothing implements Step {
        NOTHING
    }

    /** The ring breaks its rules; nothing more can be read. @param why one line */
    record Broken(String why) implements Step {}
}
