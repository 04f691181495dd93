package ringfence.it.bench;

import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import ringfence.linux.Linux;
import ringfence.virtio.BlkLayout;

/** Writes stamped blocks at random places, in batches, and reads them back: the last stamp of each place is there. */
final class Verification {
    private static final int SLOTS = 32;
    private static final long STALL_NANOS = 10_000_000_000L;

    private final long[] stamps;
    private final SplittableRandom random;

    /**
     * @param blocks how many 4 KiB blocks from the disk's beginning are used
     * @param seed another one for each daemon on the same disk, or it would find what its predecessor has written
     */
    Verification(int blocks, long seed) {
        stamps = new long[blocks];
        random = new SplittableRandom(seed);
    }

    /**
     * Runs it.
     *
     * @return how many blocks were read back and right
     * @throws IllegalStateException at the first that is wrong
     */
    int run(Linux linux, String socket, int writes) {
        try (BenchGuest guest = new BenchGuest(linux, socket, 1, SLOTS, true)) {
            for (int i = 0; i < writes; i += SLOTS) {
                int[] blocks = distinct();
                for (int slot = 0; slot < SLOTS; slot++) {
                    long stamp = random.nextLong();
                    stamps[blocks[slot]] = stamp;
                    fill(guest, slot, blocks[slot], stamp);
                }
                batch(guest, blocks, SLOTS, true);
            }
            int right = 0;
            for (int first = 0; first < stamps.length; first += SLOTS) {
                int count = Math.min(SLOTS, stamps.length - first);
                int[] blocks = new int[count];
                for (int slot = 0; slot < count; slot++) {
                    blocks[slot] = first + slot;
                }
                batch(guest, blocks, count, false);
                for (int slot = 0; slot < count; slot++) {
                    if (stamps[blocks[slot]] != 0) {
                        check(guest, slot, blocks[slot]);
                        right++;
                    }
                }
            }
            return right;
        }
    }

    /** Places that differ: writes to one place at a time have no order. */
    private int[] distinct() {
        int[] blocks = new int[SLOTS];
        int step = stamps.length / SLOTS;
        for (int i = 0; i < SLOTS; i++) {
            blocks[i] = i * step + random.nextInt(step);
        }
        return blocks;
    }

    private static void fill(BenchGuest guest, int slot, int block, long stamp) {
        long at = BenchGuest.data(0, SLOTS, slot);
        for (int i = 0; i < LoadSpec.BLOCK; i += 8) {
            guest.ram().set(ValueLayout.JAVA_LONG, at + i, stamp ^ block ^ i);
        }
    }

    private void check(BenchGuest guest, int slot, int block) {
        long at = BenchGuest.data(0, SLOTS, slot);
        for (int i = 0; i < LoadSpec.BLOCK; i += 8) {
            long expected = stamps[block] ^ block ^ i;
            if (guest.ram().get(ValueLayout.JAVA_LONG, at + i) != expected) {
                throw new IllegalStateException("block " + block + " is wrong at byte " + i);
            }
        }
    }

    private static void batch(BenchGuest guest, int[] blocks, int count, boolean write) {
        for (int slot = 0; slot < count; slot++) {
            guest.offer(0, SLOTS, slot, write, blocks[slot] * 8L);
        }
        if (guest.drivers[0].publish()) {
            guest.kicks[0].signal();
        }
        long deadline = System.nanoTime() + STALL_NANOS;
        int ended = 0;
        while (ended < count) {
            if (guest.drivers[0].reap() >= 0) {
                ended++;
            } else if (System.nanoTime() > deadline) {
                throw new IllegalStateException("the back-end stalls");
            }
        }
        for (int slot = 0; slot < count; slot++) {
            if (guest.status(0, SLOTS, slot) != BlkLayout.S_OK) {
                throw new IllegalStateException("block " + blocks[slot] + ": status " + guest.status(0, SLOTS, slot));
            }
        }
    }
}
