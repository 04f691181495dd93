package ringfence.it.bench;

/** What is measured of a file system, one request each. */
enum FsOperation {
    /** A name of a folder of 1000. */
    LOOKUP("lookup", 1),
    /** Of one of 1000 files. */
    GETATTR("getattr", 1),
    /** 100 names with their attributes, in one buffer. */
    READDIRPLUS("readdirplus of 100", 1),
    /** A new file, opened. */
    CREATE("create", 1),
    /** A new file, opened, and closed again: two requests, counted as one, and the second one's time not as a latency. */
    CREATE_RELEASE("create and release", 1),
    /** A file that is known and not open. */
    UNLINK("unlink", 1),
    /** 4 KiB somewhere in a file. */
    READ_4K("read 4 KiB", 4096),
    /** 4 KiB somewhere in a file. */
    WRITE_4K("write 4 KiB", 4096),
    /** 1 MiB after the other. */
    READ_1M("read 1 MiB", 1 << 20),
    /** 1 MiB after the other. */
    WRITE_1M("write 1 MiB", 1 << 20);

    private final String label;
    private final int block;

    FsOperation(String label, int block) {
        this.label = label;
        this.block = block;
    }

    String label() {
        return label;
    }

    /** Whether its data fills a page cache page after page: one request's is not where another one's has just been. */
    boolean isLarge() {
        return block >= 1 << 20;
    }

    /** Whether it makes or removes files, of which there are only so many. */
    boolean isMaking() {
        return this == CREATE || this == CREATE_RELEASE || this == UNLINK;
    }

    /** Bytes of data. */
    int block() {
        return block;
    }
}
