package ringfence.blk.engine;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import ringfence.blk.image.Fence;
import ringfence.blk.image.Image;
import ringfence.blk.image.ImageOpener;
import ringfence.linux.Linux;
import ringfence.process.LockHolders;
import ringfence.telemetry.Counters;
import ringfence.virtio.BlkLayout;

/** A file with a fence, and the device on it, in a folder that goes away with it. */
final class TestDisk implements AutoCloseable {
    static final int SIZE = 8 << 20;
    static final long ALL_FEATURES = BlkLayout.F_FLUSH
            | BlkLayout.F_CONFIG_WCE
            | BlkLayout.F_DISCARD
            | BlkLayout.F_WRITE_ZEROES
            | BlkLayout.F_MQ;

    /** Where a disk lies, and how it is opened. */
    enum Place {
        TMPFS("/dev/shm", false),
        CACHED("/var/tmp", false),
        DIRECT("/var/tmp", true);

        private final String folder;
        private final boolean direct;

        Place(String folder, boolean direct) {
            this.folder = folder;
            this.direct = direct;
        }
    }

    final Path file;
    final Image image;
    final BlkDevice device;
    private final Fence fence;

    TestDisk(Linux linux, Place place, EngineChoice choice) {
        this(linux, place, choice, false);
    }

    TestDisk(Linux linux, Place place, EngineChoice choice, boolean readOnly) {
        this(linux, place, choice, readOnly, Counters.hidden());
    }

    /** One whose queue counts there. */
    TestDisk(Linux linux, Place place, EngineChoice choice, Counters source) {
        this(linux, place, choice, false, source);
    }

    /** One whose image keeps its blocks. */
    static TestDisk full(Linux linux, Place place, EngineChoice choice) {
        return new TestDisk(linux, place, choice, false, false, Counters.hidden());
    }

    private TestDisk(Linux linux, Place place, EngineChoice choice, boolean readOnly, Counters source) {
        this(linux, place, choice, readOnly, true, source);
    }

    private TestDisk(Linux linux, Place place, EngineChoice choice, boolean readOnly, boolean sparse, Counters source) {
        try {
            file = Files.createTempFile(Path.of(place.folder), "ringfence-blk", ".img");
            byte[] contents = new byte[SIZE];
            for (int i = 0; i < contents.length; i++) {
                contents[i] = (byte) (i >>> 9);
            }
            Files.write(file, contents);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        image = new ImageOpener(linux).open(file.toString(), readOnly, place.direct);
        fence = Fence.take(linux, file + ".fence", 0, new LockHolders());
        BlkOptions options = new BlkOptions(1, 64, "serial-0123", choice, true, sparse);
        device = new BlkDevice(linux, image, options, fence, source, "disk");
        device.negotiated(ALL_FEATURES);
    }

    /** As the front-end does it. */
    void resize(long sectors) {
        device.setConfig(
                BlkLayout.CONFIG_CAPACITY,
                ByteBuffer.allocate(Long.BYTES)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putLong(sectors)
                        .array());
    }

    byte[] contents() {
        try {
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        image.close();
        fence.close();
        try {
            Files.delete(file);
            Files.delete(Path.of(file + ".fence"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
