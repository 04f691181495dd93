package ringfence.it.fuse;

/**
 * One name of a directory.
 *
 * @param entry what READDIRPLUS gives beside it; null after READDIR
 * @param offset where to go on after it
 * @param type DT_*
 */
public record DirectoryEntry(Entry entry, long inode, long offset, int type, String name) {}
