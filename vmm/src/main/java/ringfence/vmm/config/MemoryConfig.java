package ringfence.vmm.config;

import java.util.OptionalLong;

/**
 * Memory. It is always shared with the device daemons; {@code shared} is taken for compatibility.
 *
 * @param size bytes
 * @param mergeable let the host merge equal pages
 * @param shared Cloud Hypervisor's switch, without effect here
 * @param hugepages take it from hugetlbfs
 * @param hugepageSize bytes of such a page; empty: the host's default
 * @param prefault make every page present at start
 * @param thp ask for transparent huge pages
 */
public record MemoryConfig(
        long size,
        boolean mergeable,
        boolean shared,
        boolean hugepages,
        OptionalLong hugepageSize,
        boolean prefault,
        boolean thp) {}
