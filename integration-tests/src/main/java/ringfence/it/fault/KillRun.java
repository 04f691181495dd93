package ringfence.it.fault;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import ringfence.it.lab.Checkout;
import ringfence.linux.Linux;
import ringfence.sandbox.FilterMode;
import ringfence.virtio.BlkLayout;
import ringfence.vmm.supervise.DaemonBoxes;
import ringfence.vmm.supervise.SupervisedDaemon;

/**
 * Kills the block daemon again and again under stamped random writes. A write's page holds its block and its stamp in
 * every word; at most one write per block is under way, so an acknowledged stamp is what the block has to hold until the
 * next one of the same block is acknowledged.
 */
public final class KillRun implements AutoCloseable {
    private static final int BLOCKS = 4096;
    private static final int DEPTH = 32;
    private static final int SECTORS = KillGuest.BLOCK / BlkLayout.SECTOR;
    private static final long PATIENCE = 60_000_000_000L;

    private final Path image;
    private final Path folder;
    private final boolean standby;
    private final SplittableRandom random;
    private final KillGuest guest;
    private final long[] acknowledged = new long[BLOCKS];
    private final long[] underWay = new long[BLOCKS];
    private final int[] blockOf = new int[DEPTH];
    private final List<Long> gaps = new ArrayList<>();
    private final SupervisedDaemon daemon;
    private long stamp;
    private long writes;
    private int busy;

    /**
     * Makes the disk and starts the first daemon.
     *
     * @param where a folder; on tmpfs the daemon uses plain calls
     * @param direct O_DIRECT, through io_uring
     * @param standby whether another daemon waits to take over: then none is killed before that is warm
     * @param seed printed, so that a failure can be repeated
     */
    public KillRun(Linux linux, Path where, boolean direct, boolean standby, long seed) throws IOException {
        this.standby = standby;
        random = new SplittableRandom(seed);
        folder = Files.createTempDirectory("ringfence-kill");
        image = Files.createTempFile(where, "ringfence-kill", ".img");
        Files.write(image, new byte[BLOCKS * KillGuest.BLOCK]);
        guest = new KillGuest(linux, DEPTH);
        Path product = Checkout.find().product();
        Path program = product.resolve("bin/vhost-user-blk");
        Path fence = Files.createFile(folder.resolve("fence"));
        List<String> options = new ArrayList<>(List.of("--blk-file=" + image, "--fence=" + fence));
        if (direct) {
            options.add("--direct");
        }
        daemon = new SupervisedDaemon(
                linux,
                new ringfence.vmm.supervise.DaemonCommand(
                        "_disk0",
                        Optional.of(image.toString()),
                        program,
                        options,
                        DaemonBoxes.of(linux, product, FilterMode.TRUE).disk(program, image.toString(), false, fence),
                        List.of(),
                        Optional.empty(),
                        standby),
                Optional.empty(),
                System.err::println);
        guest.connect(daemon.connect());
    }

    /**
     * Writes, kills, goes on.
     *
     * @param kills how often
     * @throws IllegalStateException if a request fails, does not end, or something is lost or misplaced
     */
    public void run(int kills) throws IOException {
        for (int slot = 0; slot < DEPTH; slot++) {
            offer(slot);
        }
        guest.publish();
        for (int kill = 0; kill < kills; kill++) {
            // not writing: that would keep the processors from the one that starts
            while (standby && !daemon.isStandbyWarm()) {
                LockSupport.parkNanos(1_000_000);
            }
            writeFor(1_000_000L * random.nextInt(5, 150));
            long last = stamp;
            long killed = System.nanoTime();
            daemon.process().orElseThrow().kill();
            guest.lost();
            guest.connect(daemon.connect());
            long before = writes;
            while (writes == before) {
                reapOne(killed);
            }
            gaps.add(System.nanoTime() - killed);
            while (isUnderWay(last)) { // what two daemons have died with would fail
                reapOne(killed);
            }
        }
        while (busy > 0) {
            reap(false, System.nanoTime());
        }
        verify();
    }

    /** Whether any write up to this stamp is. */
    private boolean isUnderWay(long last) {
        return Arrays.stream(underWay).anyMatch(mark -> mark != 0 && mark <= last);
    }

    private void writeFor(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            reap(true, end);
        }
    }

    private void reapOne(long since) {
        if (System.nanoTime() - since > PATIENCE) {
            throw new IllegalStateException("nothing completes after the kill; under way: " + busy);
        }
        reap(true, since);
    }

    private void reap(boolean again, long since) {
        int slot = guest.reap();
        if (slot < 0) {
            if (System.nanoTime() - since > PATIENCE) {
                throw new IllegalStateException("requests that do not end: " + busy);
            }
            Thread.onSpinWait();
            return;
        }
        busy--;
        int block = blockOf[slot];
        if (guest.status(slot) != BlkLayout.S_OK) {
            throw new IllegalStateException("write to block " + block + ": status " + guest.status(slot));
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

    /** Through the daemon, and in the file itself. */
    private void verify() throws IOException {
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
    }

    /** The gap from a kill to the first completion after it than which so many percent were not longer, in milliseconds. */
    public long gap(int percent) {
        List<Long> sorted = new ArrayList<>(gaps);
        Collections.sort(sorted);
        return TimeUnit.NANOSECONDS.toMillis(sorted.get((sorted.size() * percent + 99) / 100 - 1));
    }

    /** One line: kills, writes, and the gaps. */
    public String report() {
        return String.format(
                Locale.ROOT,
                "%d kills, %d acknowledged writes, none lost, none misplaced; gap %s standby p50 %d ms, p95 %d ms,"
                        + " longest %d ms",
                gaps.size(),
                writes,
                standby ? "with a" : "without",
                gap(50),
                gap(95),
                gap(100));
    }

    @Override
    public void close() throws IOException {
        guest.close();
        daemon.close();
        Files.deleteIfExists(image);
        Files.deleteIfExists(folder.resolve("fence"));
        Files.deleteIfExists(folder);
    }
}
