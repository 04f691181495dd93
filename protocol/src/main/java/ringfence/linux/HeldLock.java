package ringfence.linux;

/**
 * A lock that somebody holds, as F_OFD_GETLK tells it.
 *
 * @param type shared or exclusive
 * @param start first byte
 * @param length bytes; 0: to the end of the file and beyond
 */
public record HeldLock(LockType type, long start, long length) {}
