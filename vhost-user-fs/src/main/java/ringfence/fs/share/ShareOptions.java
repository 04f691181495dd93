package ringfence.fs.share;

import java.util.Optional;

/**
 * What the command line says about a share.
 *
 * @param tag name under which the guest mounts it, 1 to 36 bytes; empty: the front-end knows it
 * @param requestQueues queues beside the high-priority one, 1 to 64, as the configuration space says
 * @param queueSize most entries of a queue, a power of two
 * @param cache what the guest may keep
 * @param readOnly whether nothing may be changed
 * @param xattr whether extended attributes are served
 * @param posixAcl whether ACLs are; needs xattr
 * @param submounts whether mounts below the root are told as such
 * @param directIo whether the guest's O_DIRECT is passed on
 * @param mmap whether files that are not cached may be mapped, shared
 * @param writeback whether the guest may write later
 * @param killPriv whether we drop set-user-ID bits for it
 * @param flock whether flock(2) locks are the host's
 * @param posixLock whether fcntl(2) locks are the host's
 * @param users ids of users
 * @param groups ids of groups
 */
public record ShareOptions(
        Optional<String> tag,
        int requestQueues,
        int queueSize,
        CachePolicy cache,
        boolean readOnly,
        boolean xattr,
        boolean posixAcl,
        boolean submounts,
        boolean directIo,
        boolean mmap,
        boolean writeback,
        boolean killPriv,
        boolean flock,
        boolean posixLock,
        IdMap users,
        IdMap groups) {
    /** One request queue, cache auto, all else off. */
    public static ShareOptions defaults() {
        return new ShareOptions(
                Optional.empty(),
                1,
                1024,
                CachePolicy.AUTO,
                false,
                false,
                false,
                false,
                false,
                false,
                false,
                false,
                false,
                false,
                IdMap.IDENTITY,
                IdMap.IDENTITY);
    }
}
