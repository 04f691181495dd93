package ringfence.net.engine;

/**
 * How frames are put into receive buffers, as negotiated.
 *
 * @param headerSize bytes before each frame, 10 or 12
 * @param merged whether a frame may fill several chains (MRG_RXBUF)
 * @param longest bytes of the longest frame that is expected; a longer one is received, too, but not as fast
 */
record ReceiveRules(int headerSize, boolean merged, int longest) {
    /** Bytes of buffers to hold: any one chain, where a frame must fit into one. */
    long target() {
        return merged ? headerSize + longest : 1;
    }
}
