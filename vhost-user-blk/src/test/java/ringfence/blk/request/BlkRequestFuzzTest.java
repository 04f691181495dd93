package ringfence.blk.request;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.extension.RegisterExtension;
import ringfence.blk.TestGuest;
import ringfence.blk.TestGuest.Buffer;
import ringfence.fuzz.Executions;
import ringfence.linux.Linux;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * Fuzz target: any request, in buffers of any lengths. The verdict is that of the specification, as {@link #expected} puts
 * it, and whatever an engine would then touch lies inside the disk. The first byte of an input says what was negotiated;
 * each pair behind it is a buffer, until one is 0; the rest is what the driver has written into its memory.
 */
class BlkRequestFuzzTest {
    @RegisterExtension
    private static final Executions EXECUTIONS = new Executions();

    private static final int MOST = 1024;
    private static final int BUFFERS = 20;
    private static final long APART = 1 << 16;
    private static final TestGuest GUEST = new TestGuest(Linux.system(), 64);
    private static final MemorySegment RAM = GUEST.ram();

    private final BlkRequest request = new BlkRequest();

    @FuzzTest(maxExecutions = 1_000_000, maxDuration = "")
    void anyRequest(byte[] data) {
        EXECUTIONS.run(data, this::request);
    }

    private void request(byte[] data) {
        if (data.length < 3 || data.length > MOST) {
            return;
        }
        int taken = data[0];
        BlkLimits limits = new BlkLimits(
                (taken & 1) == 0 ? 1000 : Long.MAX_VALUE >> BlkLimits.SECTOR_SHIFT,
                (taken & 2) != 0,
                (taken & 4) == 0 ? 512 : 4096,
                (taken & 8) == 0 ? 0 : 100,
                (taken & 16) == 0 ? 0 : 200);
        List<Buffer> readable = new ArrayList<>();
        List<Buffer> writable = new ArrayList<>();
        int at = 1;
        for (; at + 1 < data.length && (data[at] | data[at + 1]) != 0; at += 2) {
            int length = (data[at] & 0x7f) << ((data[at + 1] & 0x10) != 0 ? 9 : 0);
            boolean isWritable = data[at] < 0;
            List<Buffer> those = isWritable ? writable : readable;
            if (length > 0 && readable.size() + writable.size() < BUFFERS) {
                long place = TestGuest.DATA + (readable.size() + writable.size()) * APART;
                those.add(new Buffer(place, length, isWritable));
            }
        }
        if (readable.isEmpty() && writable.isEmpty()) {
            return; // no chain is empty
        }
        byte[] sent = new byte[BlkLayout.HEADER + BlkLayout.RANGE];
        long bytes = write(readable, data, at + 2, sent);
        List<Buffer> all = new ArrayList<>(readable);
        all.addAll(writable);
        ChainCursor chain = GUEST.chain(all.toArray(Buffer[]::new));
        request.parse(chain, limits);
        same(request.head() == chain.head(), "head " + request.head());
        long room = writable.stream().mapToLong(Buffer::length).sum();
        String expected = expected(sent, bytes, room, limits);
        same(told().equals(expected), told() + ", not " + expected);
        same((request.statusSegment() == null) == writable.isEmpty(), "a place for the status");
        if (!writable.isEmpty()) {
            Buffer last = writable.getLast();
            same(
                    request.statusSegment().address() + request.statusOffset()
                            == RAM.address() + last.gpa() + last.length() - 1,
                    "the place of the status");
        }
        GUEST.giveBack();
    }

    /** Puts what is left of the input into the buffers; what begins it comes back in {@code begin}. @return bytes in all */
    private static long write(List<Buffer> readable, byte[] data, int from, byte[] begin) {
        long count = 0;
        for (Buffer buffer : readable) {
            for (int i = 0; i < buffer.length() && count < begin.length; i++, count++) {
                int at = from + (int) count;
                byte value = at < data.length ? data[at] : 0;
                RAM.set(ValueLayout.JAVA_BYTE, buffer.gpa() + i, value);
                begin[(int) count] = value;
            }
        }
        return readable.stream().mapToLong(Buffer::length).sum();
    }

    private String told() {
        return switch (request.operation()) {
            case NONE -> "status " + request.status();
            case FLUSH -> "FLUSH";
            case GET_ID -> "GET_ID " + request.bytes();
            case WRITE_ZEROES ->
                "WRITE_ZEROES " + request.offset() + '+' + request.bytes() + (request.unmap() ? " unmap" : "");
            default -> request.operation() + " " + request.offset() + '+' + request.bytes();
        };
    }

    /** Virtio 1.3, 5.2.6. */
    private static String expected(byte[] sent, long readable, long writable, BlkLimits limits) {
        if (writable == 0 || readable < BlkLayout.HEADER) {
            return "status " + BlkLayout.S_IOERR;
        }
        long sector = little(sent, BlkLayout.HEADER_SECTOR, 8);
        return switch ((int) little(sent, BlkLayout.HEADER_TYPE, 4)) {
            case BlkLayout.T_IN -> data("READ", sector, writable - 1, limits, false);
            case BlkLayout.T_OUT -> data("WRITE", sector, readable - BlkLayout.HEADER, limits, limits.readOnly());
            case BlkLayout.T_FLUSH -> "FLUSH";
            case BlkLayout.T_GET_ID -> "GET_ID " + Math.min(writable - 1, BlkLayout.ID);
            case BlkLayout.T_DISCARD -> range("DISCARD", sent, readable, limits, limits.maxDiscardSectors(), 0);
            case BlkLayout.T_WRITE_ZEROES ->
                range("WRITE_ZEROES", sent, readable, limits, limits.maxWriteZeroesSectors(), 1);
            default -> "status " + BlkLayout.S_UNSUPP;
        };
    }

    private static String data(String what, long sector, long bytes, BlkLimits limits, boolean refused) {
        if (refused || bytes % limits.blockSize() != 0 || !isInside(sector, bytes / 512, limits)) {
            return "status " + BlkLayout.S_IOERR;
        }
        return bytes == 0 ? "status " + BlkLayout.S_OK : what + ' ' + sector * 512 + '+' + bytes;
    }

    private static String range(String what, byte[] sent, long readable, BlkLimits limits, int most, int flags) {
        long sector = little(sent, BlkLayout.HEADER + BlkLayout.RANGE_SECTOR, 8);
        long sectors = little(sent, BlkLayout.HEADER + BlkLayout.RANGE_SECTORS, 4);
        long asked = little(sent, BlkLayout.HEADER + BlkLayout.RANGE_FLAGS, 4);
        if (most == 0) {
            return "status " + BlkLayout.S_UNSUPP;
        }
        if (limits.readOnly() || readable != BlkLayout.HEADER + BlkLayout.RANGE) {
            return "status " + BlkLayout.S_IOERR;
        }
        if ((asked & ~flags) != 0) {
            return "status " + BlkLayout.S_UNSUPP;
        }
        if (sectors > most || sectors * 512 % limits.blockSize() != 0 || !isInside(sector, sectors, limits)) {
            return "status " + BlkLayout.S_IOERR;
        }
        return sectors == 0
                ? "status " + BlkLayout.S_OK
                : what + ' ' + sector * 512 + '+' + sectors * 512 + (asked != 0 ? " unmap" : "");
    }

    /** In exact arithmetic, and on block boundaries. */
    private static boolean isInside(long sector, long sectors, BlkLimits limits) {
        return Long.compareUnsigned(sector, limits.capacity()) <= 0
                && sectors <= limits.capacity() - sector
                && sector * 512 % limits.blockSize() == 0;
    }

    private static long little(byte[] from, int at, int bytes) {
        long value = 0;
        for (int i = bytes - 1; i >= 0; i--) {
            value = value << 8 | from[at + i] & 0xff;
        }
        return value;
    }

    private static void same(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
