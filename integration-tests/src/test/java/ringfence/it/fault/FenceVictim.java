package ringfence.it.fault;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.blk.image.Fence;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.OpenFlag;
import ringfence.linux.uring.Ring;
import ringfence.linux.uring.RingAbilities;
import ringfence.linux.uring.RingFile;
import ringfence.process.LockHolders;

/**
 * A program that queues much direct I/O on its ring, says so when the first of it is done, and waits to be killed. Arguments: image, shared memory,
 * fence, "read" or "write", "plain" or "registered" (files), or
 * "control" (plain files, and the fence is not registered), requests.
 */
public final class FenceVictim {
    static final int REQUEST = 4 << 20;
    static final long PATTERN = 0x6665_6e63_6564_2121L;

    private FenceVictim() {}

    /** Never ends by itself. */
    public static void main(String[] arguments) throws InterruptedException {
        Linux linux = Linux.system();
        int requests = Integer.parseInt(arguments[5]);
        boolean reading = arguments[3].equals("read");
        Fd image = linux.files().open(arguments[0], OpenFlag.RDWR, OpenFlag.DIRECT);
        Fd memory = linux.files().open(arguments[1], OpenFlag.RDWR);
        Mapping mapping = linux.memory().map(memory, 0, reading ? (long) REQUEST * requests : REQUEST);
        Fence fence = Fence.take(linux, arguments[2], 0, new LockHolders());
        Ring ring = Ring.open(linux, RingAbilities.probe(linux), 64, 128);
        ring.fileTable(2);
        if (!arguments[4].equals("control")) {
            ring.install(0, fence.fd());
        }
        RingFile file = arguments[4].equals("registered") ? ring.install(1, image) : RingFile.of(image);
        MemorySegment buffer = mapping.segment();
        if (!reading) {
            for (long i = 0; i < REQUEST; i += 8) {
                buffer.set(ValueLayout.JAVA_LONG, i, PATTERN);
            }
        }
        for (int i = 0; i < requests; i++) {
            long place = (long) i * REQUEST;
            boolean taken = reading
                    ? ring.read(file, buffer, place, REQUEST, place, i)
                    : ring.write(file, buffer, 0, REQUEST, place, i);
            if (!taken) {
                throw new IllegalStateException("ring full");
            }
        }
        ring.submitAndWait(
                1); // so that some are on their way to the disk, not all in a queue that dies with the process
        System.out.println("queued");
        Thread.sleep(Long.MAX_VALUE);
        ring.close();
        fence.close();
    }
}
