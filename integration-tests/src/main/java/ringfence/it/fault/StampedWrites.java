package ringfence.it.fault;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import ringfence.virtio.BlkLayout;

/**
 * Random writes of a guest, so many at a time. A write's page holds its block and its stamp in every word; at most one write
 * per block is under way, so an acknowledged stamp is what the block has to hold until the next one of the same block is
 * acknowledged. One thread.
 */
public final class StampedWrites {
    /** Of the image, each of {@link KillGuest#BLOCK} bytes. */
    public static final int BLOCKS = 4096;

    private static final int SECTORS = KillGuest.BLOCK / BlkLayout.SECTOR;
    private static final long PATIENCE = 60_000_000_000L;

    private final KillGuest guest;
    private final SplittableRandom random;
    private final int depth;
    private final long[] acknowledged = new long[BLOCKS];
    private final long[] underWay = new long[BLOCKS];
    private final int[] blockOf;
    private long stamp;
    private long writes;
    private int busy;

    /** @param depth slots of the guest, all of which are used */
    public StampedWrites(KillGuest guest, int depth, SplittableRandom random) {
        this.guest = guest;
        this.depth = depth;
        this.random = random;
        blockOf = new int[depth];
    }

    /** Offers one from each slot. */
    public void begin() {
        for (int slot = 0; slot < depth; slot++) {
            offer(slot);
        }
        guest.publish();
    }

    /** The stamp of the write that was offered last. */
    public long stamp() {
        return stamp;
    }

    /** How many were acknowledged. */
    public long acknowledged() {
        return writes;
    }

    /** Whether any write up to this stamp is under way. */
    public boolean isUnderWay(long last) {
        return Arrays.stream(underWay).anyMatch(mark -> mark != 0 && mark <= last);
    }

    /**
     * Takes one that has ended, if one has, and offers the next one in its place.
     *
     * @param since when the last one should have ended at the earliest, by {@link System#nanoTime}
     * @throws IllegalStateException if it has failed, or none ends for a minute
     */
    public void go(long since) {
        reap(true, since);
    }

    /** Waits until all are acknowledged. */
    public void finish() {
        long since = System.nanoTime();
        while (busy > 0) {
            reap(false, since);
        }
    }

    private void reap(boolean again, long since) {
        int slot = guest.reap();
        if (slot < 0) {
            if (System.nanoTime() - since > PATIENCE) {
                throw new IllegalStateException("nothing completes; under way: " + busy);
            }
            Thread.onSpinWait();
            return;
        }
        busy--;
        int block = blockOf[slot];
        if (guest.status(slot) != BlkLayout.S_OK || underWay[block] == 0) {
            throw new IllegalStateException(
                    "write " + underWay[block] + " to block " + block + ": status " + guest.status(slot));
        }
        acknowledged[block] = underWay[block];
        underWay[block] = 0;
        writes++;
        if (again) {
            offer(slot);
            guest.publish();
        }
    }

    private void offer(int slot) {
        int block;
        do {
            block = random.nextInt(BLOCKS);
        } while (underWay[block] != 0);
        long mark = ++stamp;
        underWay[block] = mark;
        blockOf[slot] = block;
        long at = KillGuest.data(slot);
        for (int i = 0; i < KillGuest.BLOCK; i += 8) {
            guest.ram().set(ValueLayout.JAVA_LONG, at + i, word(block, mark));
        }
        guest.offer(slot, BlkLayout.T_OUT, (long) block * SECTORS);
        busy++;
    }

    private static long word(int block, long mark) {
        return mark << 16 | block;
    }

    /**
     * Reads all, through the daemon and in the file itself; none is under way.
     *
     * @throws IllegalStateException if anything is lost, misplaced, or completed once more
     */
    public void verify(Path image) throws IOException {
        onceOnly();
        if (guest.request(BlkLayout.T_FLUSH, 0, PATIENCE) != BlkLayout.S_OK) {
            throw new IllegalStateException("the flush failed");
        }
        ByteBuffer file = ByteBuffer.wrap(Files.readAllBytes(image)).order(ByteOrder.LITTLE_ENDIAN);
        for (int block = 0; block < BLOCKS; block++) {
            int status = guest.request(BlkLayout.T_IN, (long) block * SECTORS, PATIENCE);
            long expected = acknowledged[block] == 0 ? 0 : word(block, acknowledged[block]);
            for (int i = 0; i < KillGuest.BLOCK; i += 8) {
                long read = guest.ram().get(ValueLayout.JAVA_LONG, KillGuest.data(0) + i);
                long stored = file.getLong(block * KillGuest.BLOCK + i);
                if (status != BlkLayout.S_OK || read != expected || stored != expected) {
                    throw new IllegalStateException(String.format(
                            "block %d byte %d: status %d, read %x, in the file %x, acknowledged %x",
                            block, i, status, read, stored, expected));
                }
            }
        }
        onceOnly(); // what came late has come by now
    }

    private void onceOnly() {
        if (guest.reap() >= 0) {
            throw new IllegalStateException("something was completed twice");
        }
    }
}
