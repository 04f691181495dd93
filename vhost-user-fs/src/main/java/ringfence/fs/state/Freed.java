package ringfence.fs.state;

/**
 * Is told what a transaction has freed, so that what is open for it can be closed. Called under the lock, when the
 * transaction is committed and before any slot of it is given away again: take the descriptors out of your tables here,
 * and close them later.
 */
public interface Freed {
    /** A node's slot is free: forgotten, and nothing refers to it. */
    void node(int slot);

    /** A handle's slot is free. */
    void handle(int slot);
}
