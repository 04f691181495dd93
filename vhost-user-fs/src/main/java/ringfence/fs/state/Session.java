package ringfence.fs.state;

/**
 * What FUSE_INIT has settled. A guest says it once; a successor finds it here.
 *
 * @param number grows with each session, from 1 on; slots and log entries of another session are void
 * @param begun whether INIT has been; false: all that follows is 0
 * @param minor of the protocol, as negotiated
 * @param flags accepted by both sides; the second word of them in the upper 32 bits
 * @param maxWrite bytes
 */
public record Session(long number, boolean begun, int minor, long flags, int maxWrite) {}
