package ringfence.blk.request;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.virtio.BlkLayout.S_IOERR;
import static ringfence.virtio.BlkLayout.S_OK;
import static ringfence.virtio.BlkLayout.S_UNSUPP;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.blk.TestGuest;
import ringfence.blk.TestGuest.Buffer;
import ringfence.linux.Linux;
import ringfence.virtio.BlkLayout;

/** Virtio 1.3, 5.2.6: what a device makes of a request, hostile ones among them. */
class BlkRequestTest {
    private static final long HEADER = 0x9_0000;
    private static final long STATUS = 0xB_0000;
    private static final long DATA = TestGuest.DATA;
    private static final long CAPACITY = 1000;
    private static final BlkLimits LIMITS = new BlkLimits(CAPACITY, false, 512, 100, 100);
    private static final BlkLimits READ_ONLY = new BlkLimits(CAPACITY, true, 512, 0, 0);
    private static final BlkLimits BLOCKS_OF_4K = new BlkLimits(CAPACITY, false, 4096, 0, 0);

    private final TestGuest guest = new TestGuest(Linux.system(), 64);
    private final BlkRequest request = new BlkRequest();

    @AfterEach
    void close() {
        guest.close();
    }

    private void parse(BlkLimits limits, int type, long sector, Buffer... data) {
        guest.header(HEADER, type, sector);
        Buffer[] buffers = new Buffer[data.length + 2];
        buffers[0] = new Buffer(HEADER, 16, false);
        System.arraycopy(data, 0, buffers, 1, data.length);
        buffers[data.length + 1] = new Buffer(STATUS, 1, true);
        request.parse(guest.chain(buffers), limits);
    }

    private static Buffer in(int bytes) {
        return new Buffer(DATA, bytes, true);
    }

    private static Buffer out(int bytes) {
        return new Buffer(DATA, bytes, false);
    }

    private void assertDecided(int status) {
        assertThat(request.operation()).isEqualTo(Operation.NONE);
        assertThat(request.status()).isEqualTo(status);
    }

    @Test
    void aReadCoversTheWritableBytesBeforeTheStatusByte() {
        parse(LIMITS, BlkLayout.T_IN, 8, in(4096));
        assertThat(request.operation()).isEqualTo(Operation.READ);
        assertThat(request.offset()).isEqualTo(8 * 512);
        assertThat(request.bytes()).isEqualTo(4096);
        assertThat(request.statusSegment().address() + request.statusOffset())
                .isEqualTo(guest.ram().address() + STATUS);
    }

    @Test
    void aWriteCoversTheReadableBytesBehindTheHeader() {
        parse(LIMITS, BlkLayout.T_OUT, 992, out(4096));
        assertThat(request.operation()).isEqualTo(Operation.WRITE);
        assertThat(request.offset()).isEqualTo(992 * 512);
        assertThat(request.bytes()).isEqualTo(4096);
    }

    /** 2.7.4: the framing is the driver's choice, down to a header in sixteen buffers. */
    @Test
    void aHeaderInSixteenBuffersIsAHeader() {
        guest.header(HEADER, BlkLayout.T_OUT, 5);
        Buffer[] buffers = new Buffer[18];
        for (int i = 0; i < 16; i++) {
            buffers[i] = new Buffer(HEADER + i, 1, false);
        }
        buffers[16] = out(512);
        buffers[17] = new Buffer(STATUS, 1, true);
        request.parse(guest.chain(buffers), LIMITS);
        assertThat(request.operation()).isEqualTo(Operation.WRITE);
        assertThat(request.offset()).isEqualTo(5 * 512);
        assertThat(request.bytes()).isEqualTo(512);
    }

    @Test
    void headerAndDataMayShareABuffer() {
        guest.header(DATA, BlkLayout.T_OUT, 1);
        request.parse(guest.chain(new Buffer(DATA, 16 + 1024, false), new Buffer(STATUS, 1, true)), LIMITS);
        assertThat(request.operation()).isEqualTo(Operation.WRITE);
        assertThat(request.bytes()).isEqualTo(1024);
    }

    @Test
    void theStatusByteMayBeTheEndOfTheLastDataBuffer() {
        guest.header(HEADER, BlkLayout.T_IN, 0);
        request.parse(guest.chain(new Buffer(HEADER, 16, false), in(513)), LIMITS);
        assertThat(request.operation()).isEqualTo(Operation.READ);
        assertThat(request.bytes()).isEqualTo(512);
        assertThat(request.statusSegment().address() + request.statusOffset())
                .isEqualTo(guest.ram().address() + DATA + 512);
    }

    @ParameterizedTest
    @CsvSource({
        "1000, 512", // right behind the end
        "999, 1024", // across the end
        "-1, 512", // 2^64 - 1
        "9223372036854775807, 512",
        "36028797018963968, 512", // 2^55: the byte offset wraps to 0
        "0, 513", // no whole sector
        "0, 511"
    })
    void aReadOrWriteOutsideTheCapacityOrOfPartOfASectorFails(long sector, int bytes) {
        parse(LIMITS, BlkLayout.T_IN, sector, in(bytes));
        assertDecided(S_IOERR);
        parse(LIMITS, BlkLayout.T_OUT, sector, out(bytes));
        assertDecided(S_IOERR);
    }

    @Test
    void aRequestWithoutDataSucceedsInsideTheCapacityAndFailsOutside() {
        parse(LIMITS, BlkLayout.T_IN, 1000);
        assertDecided(S_OK);
        parse(LIMITS, BlkLayout.T_OUT, 1001);
        assertDecided(S_IOERR);
    }

    @Test
    void aReadOnlyDeviceFailsWhatWouldChangeIt() {
        parse(READ_ONLY, BlkLayout.T_OUT, 0, out(512));
        assertDecided(S_IOERR);
        parse(new BlkLimits(CAPACITY, true, 512, 100, 100), BlkLayout.T_DISCARD, 0, guest.range(0, 8, 0));
        assertDecided(S_IOERR);
        parse(READ_ONLY, BlkLayout.T_IN, 0, in(512));
        assertThat(request.operation()).isEqualTo(Operation.READ);
    }

    @Test
    void blocksLargerThanASectorAreAskedForWhole() {
        parse(BLOCKS_OF_4K, BlkLayout.T_IN, 1, in(4096));
        assertDecided(S_IOERR);
        parse(BLOCKS_OF_4K, BlkLayout.T_IN, 8, in(512));
        assertDecided(S_IOERR);
        parse(BLOCKS_OF_4K, BlkLayout.T_IN, 8, in(4096));
        assertThat(request.operation()).isEqualTo(Operation.READ);
    }

    /** CVE-2026-48914's neighbourhood: SCSI passthrough (2) and legacy types are unknown here. */
    @ParameterizedTest
    @ValueSource(ints = {2, 3, 5, 6, 7, 9, 10, 12, 14, 15, 16, 24, 26, 0x8000_0000, -1})
    void anUnknownTypeIsUnsupported(int type) {
        parse(LIMITS, type, 0, out(512));
        assertDecided(S_UNSUPP);
    }

    @Test
    void aFlushNeedsNoData() {
        parse(LIMITS, BlkLayout.T_FLUSH, 0);
        assertThat(request.operation()).isEqualTo(Operation.FLUSH);
    }

    @Test
    void anIdFillsWhatRoomThereIs() {
        parse(LIMITS, BlkLayout.T_GET_ID, 0, in(20));
        assertThat(request.operation()).isEqualTo(Operation.GET_ID);
        assertThat(request.bytes()).isEqualTo(20);
        parse(LIMITS, BlkLayout.T_GET_ID, 0, in(7));
        assertThat(request.bytes()).isEqualTo(7);
        parse(LIMITS, BlkLayout.T_GET_ID, 0, in(4096));
        assertThat(request.bytes()).isEqualTo(20);
    }

    @Test
    void aDiscardTakesItsRangeFromTheData() {
        parse(LIMITS, BlkLayout.T_DISCARD, 77, guest.range(900, 100, 0));
        assertThat(request.operation()).isEqualTo(Operation.DISCARD);
        assertThat(request.offset()).isEqualTo(900 * 512);
        assertThat(request.bytes()).isEqualTo(100 * 512);
    }

    @Test
    void writeZeroesMayUnmapOnlyWhereTheFlagSaysSo() {
        parse(LIMITS, BlkLayout.T_WRITE_ZEROES, 0, guest.range(0, 8, 1));
        assertThat(request.unmap()).isTrue();
        parse(LIMITS, BlkLayout.T_WRITE_ZEROES, 0, guest.range(0, 8, 0));
        assertThat(request.operation()).isEqualTo(Operation.WRITE_ZEROES);
        assertThat(request.unmap()).isFalse();
    }

    /** Cloud Hypervisor #8388: the sum of a hostile range must not wrap. */
    @ParameterizedTest
    @CsvSource({
        "950, 51", // across the end
        "1000, 1",
        "-1, 1",
        "-8, 16", // wraps to a small end
        "0, 101", // beyond the limit of one request
        "0, -1", // 2^32 - 1 sectors
        "9223372036854775800, 100"
    })
    void aRangeOutsideTheCapacityOrTheLimitFails(long sector, int sectors) {
        parse(LIMITS, BlkLayout.T_DISCARD, 0, guest.range(sector, sectors, 0));
        assertDecided(S_IOERR);
        parse(LIMITS, BlkLayout.T_WRITE_ZEROES, 0, guest.range(sector, sectors, 1));
        assertDecided(S_IOERR);
    }

    /** 5.2.6.2: unknown flags, and unmap on a discard, are unsupported. */
    @Test
    void unknownFlagsAreUnsupported() {
        parse(LIMITS, BlkLayout.T_DISCARD, 0, guest.range(0, 8, 1));
        assertDecided(S_UNSUPP);
        parse(LIMITS, BlkLayout.T_WRITE_ZEROES, 0, guest.range(0, 8, 2));
        assertDecided(S_UNSUPP);
    }

    @Test
    void noRangeHalfARangeAndTwoRangesFail() {
        parse(LIMITS, BlkLayout.T_DISCARD, 0);
        assertDecided(S_IOERR);
        parse(LIMITS, BlkLayout.T_DISCARD, 0, out(15));
        assertDecided(S_IOERR);
        parse(LIMITS, BlkLayout.T_DISCARD, 0, out(32));
        assertDecided(S_IOERR);
    }

    @Test
    void rangesAreUnsupportedUntilNegotiated() {
        parse(new BlkLimits(CAPACITY, false, 512, 0, 0), BlkLayout.T_DISCARD, 0, guest.range(0, 8, 0));
        assertDecided(S_UNSUPP);
        parse(new BlkLimits(CAPACITY, false, 512, 0, 0), BlkLayout.T_WRITE_ZEROES, 0, guest.range(0, 8, 0));
        assertDecided(S_UNSUPP);
    }

    @Test
    void aChainWithoutRoomForAStatusDoesNothing() {
        guest.header(HEADER, BlkLayout.T_OUT, 0);
        request.parse(guest.chain(new Buffer(HEADER, 16, false), out(512)), LIMITS);
        assertDecided(S_IOERR);
        assertThat(request.statusSegment()).isNull();
    }

    @Test
    void aHeaderOf15BytesFails() {
        guest.header(HEADER, BlkLayout.T_IN, 0);
        request.parse(guest.chain(new Buffer(HEADER, 15, false), in(512), new Buffer(STATUS, 1, true)), LIMITS);
        assertDecided(S_IOERR);
    }

    @Test
    void aReadIntoReadableBuffersOnlyReadsNothing() {
        parse(LIMITS, BlkLayout.T_IN, 0, out(512));
        assertDecided(S_OK); // no writable byte but the status: a read of nothing
        assertThat(guest.ram().get(ValueLayout.JAVA_BYTE, DATA)).isZero();
    }

    /** Amplification: one page, offered a thousand times, is longer than the disk. */
    @Test
    void moreDataThanTheCapacityFails() {
        Buffer[] pages = new Buffer[40];
        for (int i = 0; i < pages.length; i++) {
            pages[i] = new Buffer(DATA, 16384, true);
        }
        parse(LIMITS, BlkLayout.T_IN, 0, pages);
        assertDecided(S_IOERR);
    }
}
