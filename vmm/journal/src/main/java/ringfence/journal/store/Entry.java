package ringfence.journal.store;

/**
 * One record of a ring as a queue holds it.
 *
 * @param next the position in the ring behind it
 * @param record as {@link ringfence.journal.JournalEvent#of} reads it
 */
record Entry(long next, byte[] record) {}
