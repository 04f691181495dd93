package ringfence.net.packet;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import org.junit.jupiter.api.extension.RegisterExtension;
import ringfence.fuzz.Executions;
import ringfence.virtio.NetLayout;

/**
 * Fuzz target: any header before any frame, as far as a frame goes inside the daemon. The first byte says what was
 * negotiated, twelve are the header, the rest is the frame. The verdict is that of the specification; a checksum is the one
 * that was asked for and nothing else of the frame changes; the pieces of a frame are those of {@link ReferenceCut}, and
 * nothing is written beside them.
 */
class HeaderFuzzTest {
    @RegisterExtension
    private static final Executions EXECUTIONS = new Executions();

    private static final int AT = 16; // of the header, behind bytes that nobody may touch
    private static final int ROOM = 70_000;
    private static final int PIECES = 32; // a frame of more takes long and shows nothing new
    private static final byte UNTOUCHED = 0x5a;
    private static final MemorySegment MEMORY = Arena.global().allocate(ROOM, 8);
    private static final MemorySegment PIECE = Arena.global().allocate(ROOM, 8);

    private final SoftwareOffload offload = new SoftwareOffload();

    @FuzzTest(maxExecutions = 1_000_000, maxDuration = "")
    void anyHeader(byte[] data) {
        EXECUTIONS.run(data, this::header);
    }

    private void header(byte[] data) {
        if (data.length < 1 + NetLayout.HEADER || data.length > ROOM / 2) {
            return;
        }
        int taken = data[0];
        byte[] header = Arrays.copyOfRange(data, 1, 1 + NetLayout.HEADER);
        byte[] frame = Arrays.copyOfRange(data, 1 + NetLayout.HEADER, data.length);
        byte[] checked = header.clone();
        HeaderRules rules = new HeaderRules(
                NetLayout.HEADER, has(taken, 0), has(taken, 1), has(taken, 2), has(taken, 3), has(taken, 4));
        Drop verdict = rules.check(MemorySegment.ofArray(checked), frame.length);
        same(verdict == verdict(taken, header, frame.length), "verdict " + verdict);
        header[NetLayout.HEADER_FLAGS] &= NetLayout.NEEDS_CSUM;
        same(Arrays.equals(header, checked), "only unknown flags are cleared");
        if (verdict != null) {
            return;
        }
        place(header, frame);
        if (header[NetLayout.HEADER_GSO_TYPE] != NetLayout.GSO_NONE) {
            if (frame.length > PIECES * ReferenceCut.little(header, NetLayout.HEADER_GSO_SIZE)) {
                return;
            }
            cut(header, frame);
        } else if (header[NetLayout.HEADER_FLAGS] != 0) {
            complete(header, frame);
        }
    }

    private static boolean has(int taken, int bit) {
        return (taken >> bit & 1) != 0;
    }

    /** Virtio 1.3, 5.1.6.2: what a driver may ask for. */
    private static Drop verdict(int taken, byte[] header, int frame) {
        int sum = ReferenceCut.little(header, NetLayout.HEADER_CSUM_START)
                + ReferenceCut.little(header, NetLayout.HEADER_CSUM_OFFSET);
        if ((header[0] & 1) == 1 && (!has(taken, 0) || frame - 2 < sum)) {
            return Drop.BAD_CHECKSUM;
        }
        boolean may = switch (header[1] & 0xff) {
            case 0x00 -> true;
            case 0x01 -> has(taken, 1);
            case 0x81 -> has(taken, 1) && has(taken, 3);
            case 0x04 -> has(taken, 2);
            case 0x84 -> has(taken, 2) && has(taken, 3);
            case 0x05 -> has(taken, 4);
            default -> false;
        };
        boolean makesSense = header[1] == 0
                || ReferenceCut.little(header, NetLayout.HEADER_GSO_SIZE) > 0
                        && ReferenceCut.little(header, NetLayout.HEADER_HDR_LEN) <= frame;
        return may && makesSense ? null : Drop.BAD_SEGMENTATION;
    }

    private static void place(byte[] header, byte[] frame) {
        MEMORY.asSlice(0, AT + 2L * AT + NetLayout.HEADER + frame.length).fill(UNTOUCHED);
        MemorySegment.copy(header, 0, MEMORY, ValueLayout.JAVA_BYTE, AT, header.length);
        MemorySegment.copy(frame, 0, MEMORY, ValueLayout.JAVA_BYTE, AT + header.length, frame.length);
    }

    /** What now stands in memory where this header and frame were put; nothing beside them has changed. */
    private static void holds(byte[] header, byte[] frame) {
        int end = AT + header.length + frame.length;
        same(isUntouched(MEMORY, 0, AT) && isUntouched(MEMORY, end, end + AT), "bytes beside the frame");
        same(Arrays.equals(bytes(MEMORY, AT, header.length), header), "the header");
        same(Arrays.equals(bytes(MEMORY, AT + header.length, frame.length), frame), "the frame");
    }

    private static byte[] bytes(MemorySegment from, long at, long length) {
        return from.asSlice(at, length).toArray(ValueLayout.JAVA_BYTE);
    }

    private static boolean isUntouched(MemorySegment memory, int from, int to) {
        for (int i = from; i < to; i++) {
            if (memory.get(ValueLayout.JAVA_BYTE, i) != UNTOUCHED) {
                return false;
            }
        }
        return true;
    }

    private static void complete(byte[] header, byte[] frame) {
        int start = ReferenceCut.little(header, NetLayout.HEADER_CSUM_START);
        int field = start + ReferenceCut.little(header, NetLayout.HEADER_CSUM_OFFSET);
        int sum = ~ReferenceCut.folded(ReferenceCut.sum(frame, start, frame.length - start)) & 0xffff;
        SoftwareOffload.checksum(MEMORY, AT, frame.length);
        ReferenceCut.word(frame, field, sum == 0 ? 0xffff : sum);
        Arrays.fill(header, 0, NetLayout.LEGACY_HEADER, (byte) 0);
        holds(header, frame);
    }

    private void cut(byte[] header, byte[] frame) {
        ReferenceCut reference = ReferenceCut.of(header, frame);
        boolean begun = offload.begin(MEMORY, AT, frame.length);
        same(begun == (reference != null), "whether it can be cut: " + begun);
        if (begun) {
            same(offload.pieces() == reference.pieces(), "pieces: " + offload.pieces());
            for (int i = 0; i < offload.pieces(); i++) {
                byte[] wanted = reference.piece(i);
                int end = NetLayout.HEADER + wanted.length;
                PIECE.asSlice(0, NetLayout.HEADER + frame.length + AT).fill(UNTOUCHED);
                same(offload.piece(i, PIECE) == end, "length of piece " + i);
                same(isUntouched(PIECE, end, NetLayout.HEADER + frame.length + AT), "bytes behind piece " + i);
                same(Arrays.equals(bytes(PIECE, 0, NetLayout.HEADER), new byte[NetLayout.HEADER]), "its header");
                byte[] piece = bytes(PIECE, NetLayout.HEADER, wanted.length);
                same(Arrays.equals(reference.withoutChecksums(piece), wanted), "piece " + i);
                same(reference.isRight(piece), "checksums of piece " + i);
            }
        }
        holds(header, frame);
    }

    private static void same(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what);
        }
    }
}
