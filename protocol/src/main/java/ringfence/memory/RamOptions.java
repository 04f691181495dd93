package ringfence.memory;

/**
 * How guest memory is made.
 *
 * @param hugePageSize bytes of a hugetlbfs page, a power of two that this host has; 0: ordinary pages
 * @param prefault every page is made present now, with as many threads as help
 * @param transparentHugePages ask for transparent huge pages; not with a {@code hugePageSize}
 * @param mergeable let the host merge equal pages (KSM)
 */
public record RamOptions(long hugePageSize, boolean prefault, boolean transparentHugePages, boolean mergeable) {
    /** Ordinary pages, made when they are touched, huge where the host can. */
    public static final RamOptions DEFAULT = new RamOptions(0, false, true, false);
}
