package ringfence.vmm.config;

import ringfence.option.OptionTypes;

/** Who serves a shared folder. */
public sealed interface FsBackend {
    /**
     * A daemon of ours, which the VMM starts.
     *
     * @param path the folder
     * @param readonly whether the guest cannot write
     * @param cache how long the guest may go by what it has read
     * @param xattr whether files have extended attributes
     * @param acl whether files have access control lists, for which they have extended attributes, too
     * @param locks whether locks are the host's
     */
    record Folder(String path, boolean readonly, Cache cache, boolean xattr, boolean acl, boolean locks)
            implements FsBackend {
        /** Most entries of a queue. */
        public static final int QUEUE_SIZE = 1024;
    }

    /**
     * A daemon that somebody else has started, or will.
     *
     * @param path its Unix socket
     */
    record Socket(String path) implements FsBackend {}

    /** How long a guest may go by what it has read; names and meanings are virtiofsd's. */
    enum Cache implements OptionTypes.Choice {
        /** Names and attributes for a second, data as long as the file looks the same when it is opened. */
        AUTO,
        /** For as long as it likes: nobody else changes anything. */
        ALWAYS,
        /** Not at all. */
        NEVER,
        /** Names and attributes as with {@link #ALWAYS}, data not at all. */
        METADATA
    }
}
