package ringfence.fs.share;

import ringfence.fs.fuse.FuseFlags;

/** How much the guest may keep: {@code --cache}. */
public enum CachePolicy {
    /** Nothing: other users of the share are seen at once. */
    NEVER(0, FuseFlags.FOPEN_DIRECT_IO, 0),
    /** Names and attributes for as long as it likes, data not. */
    METADATA(86_400, FuseFlags.FOPEN_DIRECT_IO, FuseFlags.FOPEN_CACHE_DIR | FuseFlags.FOPEN_KEEP_CACHE),
    /** Names and attributes for a second, data from open to open. */
    AUTO(1, 0, 0),
    /** Everything for as long as it likes: it is the only user. */
    ALWAYS(86_400, FuseFlags.FOPEN_KEEP_CACHE, FuseFlags.FOPEN_CACHE_DIR | FuseFlags.FOPEN_KEEP_CACHE);

    private final int seconds;
    private final int file;
    private final int directory;

    CachePolicy(int seconds, int file, int directory) {
        this.seconds = seconds;
        this.file = file;
        this.directory = directory;
    }

    /** How long names and attributes hold. */
    int seconds() {
        return seconds;
    }

    /** FOPEN_ bits of a file. */
    int file() {
        return file;
    }

    /** FOPEN_ bits of a directory. */
    int directory() {
        return directory;
    }
}
