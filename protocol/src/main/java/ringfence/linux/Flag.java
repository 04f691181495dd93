package ringfence.linux;

/** A flag of a system call: an enum constant that knows its bits. */
interface Flag {
    /** Its bits. */
    int bits();

    /** All of them together. */
    static int bits(Flag... flags) {
        int bits = 0;
        for (Flag flag : flags) {
            bits |= flag.bits();
        }
        return bits;
    }
}
