package ringfence.blk.image;

import java.util.List;
import java.util.Optional;
import ringfence.linux.Disks;
import ringfence.linux.HeldLock;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.process.LockHolders;

/**
 * Exclusion on an image: one writer, or any number of readers, among all programs that keep QEMU's or Cloud
 * Hypervisor's rules.
 *
 * <p>QEMU (block/file-posix.c) locks single bytes, always shared, so that a read-only descriptor serves: byte 100 + n
 * says "I use permission n", byte 200 + n says "I do not share permission n"; then it looks whether somebody holds the
 * counterparts. We use CONSISTENT_READ (0) and, as a writer, WRITE (1), and share neither WRITE nor RESIZE (3). Cloud
 * Hypervisor locks the bytes of the image, from 0 on, shared for a reader and exclusive for a writer; its writer meets
 * our bytes, and for its reader our writer holds byte 0 exclusively.
 *
 * <p>If the whole file is to be locked, that is on top: shared by a reader, exclusively by a writer. It keeps off who has
 * other rules, and with them QEMU's readers beside ours, for they take it for a lock of each byte.
 *
 * <p>The locks belong to the image's descriptor and go away with it. {@code qemu-img -U} passes, as it does with QEMU.
 */
public final class ImageLock {
    private static final long NO_BYTE = 0;
    /** A length: however long the file is. */
    private static final long TO_THE_END = 0;

    private static final long USES = 100;
    private static final long UNSHARED = 200;
    private static final int CONSISTENT_READ = 0;
    private static final int WRITE = 1;
    private static final int RESIZE = 3;
    /** A killed process may hold its descriptors for so long. */
    private static final long LEAVING_NANOS = 200_000_000;

    private final Linux linux;
    private final Disks disks;
    private final LockHolders holders;
    private final boolean whole;

    /** With the system calls of this process. @param whole whether the whole file is locked, too */
    public ImageLock(Linux linux, LockHolders holders, boolean whole) {
        this.linux = linux;
        this.whole = whole;
        this.holders = holders;
        disks = new Disks(linux);
    }

    /**
     * Takes the lock, for as long as the image is open. A lock that no living process holds is one that a killed
     * daemon's io_uring keeps until its requests have ended: that is waited for.
     *
     * @param patienceNanos how long to wait for such a lock
     * @throws ImageException if somebody else uses the image; the message names the process
     */
    public void take(Image image, long patienceNanos) {
        long start = System.nanoTime();
        while (!tryTake(image)) {
            long waited = System.nanoTime() - start;
            if (waited >= Math.min(LEAVING_NANOS, patienceNanos)) {
                List<LockHolders.Holder> alive = holders.of(linux.files().stat(image.fd()));
                if (!alive.isEmpty() || waited >= patienceNanos) {
                    throw new ImageException("image " + image.path() + " is in use: locked "
                            + LockHolders.describe(alive) + "; end that, or let all its users open it read-only");
                }
            }
            Pause.shortly();
        }
    }

    private boolean tryTake(Image image) {
        boolean taken = apply(image) && isFree(image) && (!whole || lockWhole(image));
        if (!taken) {
            linux.files().tryLock(image.fd(), LockType.NONE, 0, TO_THE_END);
        }
        return taken;
    }

    private boolean apply(Image image) {
        boolean taken = lock(image, LockType.READ, USES + CONSISTENT_READ)
                && lock(image, LockType.READ, UNSHARED + WRITE)
                && lock(image, LockType.READ, UNSHARED + RESIZE);
        return image.readOnly()
                ? taken
                : taken && lock(image, LockType.READ, USES + WRITE) && lock(image, LockType.WRITE, NO_BYTE);
    }

    private boolean lockWhole(Image image) {
        LockType type = image.readOnly() ? LockType.READ : LockType.WRITE;
        return linux.files().tryLock(image.fd(), type, 0, TO_THE_END);
    }

    private boolean lock(Image image, LockType type, long at) {
        return linux.files().tryLock(image.fd(), type, at, 1);
    }

    private boolean isFree(Image image) {
        boolean free = isFree(image, UNSHARED + CONSISTENT_READ)
                && isFree(image, USES + WRITE)
                && isFree(image, USES + RESIZE);
        return image.readOnly() ? free : free && isFree(image, UNSHARED + WRITE);
    }

    /** Whether nobody else holds that byte, other than a reader of Cloud Hypervisor's kind beside a reader of ours. */
    private boolean isFree(Image image, long at) {
        Optional<HeldLock> held = disks.conflict(image.fd(), LockType.WRITE, at, 1);
        return held.isEmpty()
                || image.readOnly()
                        && held.get().type() == LockType.READ
                        && held.get().start() == 0
                        && held.get().length() != 1;
    }
}
