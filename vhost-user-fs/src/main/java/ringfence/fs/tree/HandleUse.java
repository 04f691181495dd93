package ringfence.fs.tree;

import java.util.Locale;

/** When a node is opened again by its file handle, in place of a descriptor that is kept for it. */
public enum HandleUse {
    /** Each node keeps its descriptor. */
    NEVER,
    /** Where the file system has handles and we may use them. */
    PREFER,
    /** Always: what has no handle is not served. */
    MANDATORY;

    /** As the command line says it. @throws IllegalArgumentException one line */
    public static HandleUse of(String word) {
        for (HandleUse one : values()) {
            if (one.name().toLowerCase(Locale.ROOT).equals(word)) {
                return one;
            }
        }
        throw new IllegalArgumentException("--inode-file-handles is never, prefer or mandatory, not " + word);
    }
}
