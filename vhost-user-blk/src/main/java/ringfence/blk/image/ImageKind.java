package ringfence.blk.image;

/** What an image is, which decides how it is read and written fastest. */
public enum ImageKind {
    /** A file on tmpfs, ramfs or hugetlbfs: a plain call never waits for a disk. */
    MEMORY,
    /** A file through the page cache: a read may be answered at once, or has to wait. */
    CACHED,
    /** A file opened with O_DIRECT. */
    DIRECT,
    /** A block device, through the page cache or with O_DIRECT. */
    DEVICE
}
