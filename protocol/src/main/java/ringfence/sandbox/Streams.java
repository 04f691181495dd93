package ringfence.sandbox;

/** Which sockets of streams a program may have, by which it could come to whoever awaits some, as the API of each VM does. */
public enum Streams {
    /** It makes none; of datagrams, and pairs, it may. */
    NONE,
    /** It makes some, at which others come to it; it comes to nobody. */
    AWAITED,
    /** It makes some for both. */
    ANY
}
