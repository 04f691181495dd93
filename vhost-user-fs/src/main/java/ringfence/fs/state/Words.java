package ringfence.fs.state;

/**
 * The state file as 64-bit words, little-endian. Every change of the file is a {@link #set}: where a test counts them and
 * stops, a SIGKILL may hit.
 */
interface Words {
    /** A load-acquire of the word at {@code 8 * index}. */
    long get(long index);

    /** A store-release: no later store of this thread overtakes it, nor does it overtake an earlier one. */
    void set(long index, long value);
}
