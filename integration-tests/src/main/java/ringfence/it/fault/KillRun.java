package ringfence.it.fault;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import ringfence.it.lab.Checkout;
import ringfence.linux.Linux;
import ringfence.sandbox.FilterMode;
import ringfence.vmm.supervise.DaemonBoxes;
import ringfence.vmm.supervise.SupervisedDaemon;

/** Kills the block daemon again and again under {@link StampedWrites}. */
public final class KillRun implements AutoCloseable {
    private static final int DEPTH = 32;

    private final Path image;
    private final Path folder;
    private final boolean standby;
    private final SplittableRandom random;
    private final KillGuest guest;
    private final StampedWrites writes;
    private final Gaps gaps = new Gaps();
    private final SupervisedDaemon daemon;

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
        Files.write(image, new byte[StampedWrites.BLOCKS * KillGuest.BLOCK]);
        guest = new KillGuest(linux, DEPTH);
        writes = new StampedWrites(guest, DEPTH, random);
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
        writes.begin();
        for (int kill = 0; kill < kills; kill++) {
            // not writing: that would keep the processors from the one that starts
            while (standby && !daemon.isStandbyWarm()) {
                LockSupport.parkNanos(1_000_000);
            }
            writeFor(1_000_000L * random.nextInt(5, 150));
            long last = writes.stamp();
            long killed = System.nanoTime();
            daemon.process().orElseThrow().kill();
            guest.lost();
            guest.connect(daemon.connect());
            long before = writes.acknowledged();
            while (writes.acknowledged() == before) {
                writes.go(killed);
            }
            gaps.add(System.nanoTime() - killed);
            while (writes.isUnderWay(last)) { // what two daemons have died with would fail
                writes.go(killed);
            }
        }
        writes.finish();
        writes.verify(image);
    }

    private void writeFor(long nanos) {
        long end = System.nanoTime() + nanos;
        while (System.nanoTime() < end) {
            writes.go(end);
        }
    }

    /** Each from a kill to the first completion after it. */
    public Gaps gaps() {
        return gaps;
    }

    /** One line: kills, writes, and the gaps. */
    public String report() {
        return String.format(
                Locale.ROOT,
                "%d kills, %d acknowledged writes, none lost, none misplaced; gap %s standby %s",
                gaps.count(),
                writes.acknowledged(),
                standby ? "with a" : "without",
                gaps);
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
