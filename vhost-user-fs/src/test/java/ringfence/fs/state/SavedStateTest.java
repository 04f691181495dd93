package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ringfence.linux.Linux;

class SavedStateTest {
    private static final int HEADER = 16;
    private static final int CHECKSUM = 12;
    private static final int LOCK = 40;

    private final Linux linux = Linux.system();
    private final TestState from = prepare();
    private final TestState to = TestState.create(linux, TestState.SMALL);
    private final byte[] saved = from.save();

    @AfterEach
    void close() {
        from.close();
        to.close();
    }

    private TestState prepare() {
        TestState test = TestState.create(linux, TestState.SMALL);
        test.state.beginSession(38, 0x1_0000_0003L, 1 << 20);
        int directory = test.add(10, TestState.DIRECTORY, NodeTable.ROOT, "d");
        int file = test.add(11, TestState.FILE, directory, "f".repeat(255));
        test.add(11, TestState.FILE, NodeTable.ROOT, "superseding");
        test.open(file);
        test.open(directory);
        test.release(0);
        int locked = test.add(12, TestState.FILE, directory, "locked");
        test.open(locked);
        test.lock(locked, 1, false, 5, 9, LockTable.WRITE);
        test.lock(locked, -2, true, 0, LockTable.END, LockTable.READ);
        return test;
    }

    private static String withoutSession(TestState test) {
        return test.picture().replaceFirst("number=\\d+", "");
    }

    @Test
    void anotherDaemonHasTheSameNodesAndHandles() {
        to.state.beginSession(20, 1, 1);
        to.add(10, TestState.FILE, NodeTable.ROOT, "goes away");
        long number = to.state.session().number();
        to.load(saved);
        assertThat(withoutSession(to)).isEqualTo(withoutSession(from));
        assertThat(to.state.session().number()).isGreaterThan(number);
        assertThat(to.save()).isEqualTo(saved);
        try (TestState successor = TestState.adopt(linux, to.copyOfFile())) {
            assertThat(successor.picture()).isEqualTo(to.picture());
        }
    }

    @Test
    void onAnotherHostTheNumbersAreOthers() {
        to.load(saved);
        try (Transaction transaction = to.state.begin(0)) {
            // what was inode 10 is 11 here, and the other way round
            transaction.rebind(1, TestState.DEVICE, 11, null);
            transaction.rebind(2, TestState.DEVICE, 10, TestState.fileHandle("new"));
            transaction.rebind(3, TestState.DEVICE, 12, null);
            transaction.commit();
        }
        NodeTable nodes = to.state.nodes();
        assertThat(nodes.find(TestState.DEVICE, 11)).isEqualTo(1);
        assertThat(nodes.find(TestState.DEVICE, 10)).isEqualTo(2);
        assertThat(nodes.find(TestState.DEVICE, 12)).isEqualTo(3);
        assertThat(to.fileHandle(2)).endsWith("6e6577");
        try (TestState successor = TestState.adopt(linux, to.copyOfFile())) {
            assertThat(successor.state.dropped()).isZero();
            assertThat(successor.picture()).isEqualTo(to.picture());
        }
    }

    @Test
    void everyTruncationIsRefused() {
        String before = to.picture();
        for (int length = 0; length < saved.length; length++) {
            byte[] cut = Arrays.copyOf(saved, length);
            refused(cut);
            refused(checksummed(cut));
        }
        refused(checksummed(Arrays.copyOf(saved, saved.length + 1)));
        assertThat(to.picture()).isEqualTo(before);
    }

    private void refused(byte[] bytes) {
        assertThatThrownBy(() -> to.load(bytes))
                .isInstanceOf(StateException.class)
                .message()
                .startsWith("saved state: ")
                .doesNotContain("\n");
    }

    /** As one who knows the checksum would send it. */
    private static byte[] checksummed(byte[] bytes) {
        if (bytes.length >= HEADER) {
            CRC32C sum = new CRC32C();
            sum.update(bytes, HEADER, bytes.length - HEADER);
            ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(CHECKSUM, (int) sum.getValue());
        }
        return bytes;
    }

    @Test
    void everyFlippedBitIsRefused() {
        for (int bit = 0; bit < saved.length * 8; bit++) {
            byte[] flipped = saved.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            refused(flipped);
        }
    }

    @Test
    void whatAnEnemySendsIsSoundOrRefused() {
        int taken = 0;
        int refused = 0;
        for (int seed = 0; seed < 3000; seed++) {
            SplittableRandom random = new SplittableRandom(seed);
            byte[] bytes = saved.clone();
            for (int i = 0; i < 1 + random.nextInt(3); i++) {
                bytes[HEADER + random.nextInt(bytes.length - HEADER)] = (byte) random.nextInt();
            }
            String before = to.picture();
            try {
                to.load(checksummed(bytes));
                taken++;
                assertThat(to.state.dropped()).isZero();
            } catch (StateException _) {
                refused++;
                assertThat(to.picture()).as("seed " + seed).isEqualTo(before);
            }
        }
        assertThat(taken).isGreaterThan(100);
        assertThat(refused).isGreaterThan(100);
    }

    /** One node in the highest slot of half a gigabyte: what is not used stays a hole. */
    @Test
    void aSlotFarBehindTakesNoMemory() {
        Limits large = new Limits(1 << 20, 1 << 16, 1);
        int last = (1 << 20) - 1;
        byte[] far = saved.clone();
        ByteBuffer bytes = ByteBuffer.wrap(far).order(ByteOrder.LITTLE_ENDIAN);
        // the first node, and the only handle's node: their words lie behind the counts, and before the end
        long id = 1L << StateLayout.SLOT_BITS | last;
        bytes.putLong(HEADER + 32, id).putLong(saved.length - 2 * LOCK - 16, id);
        try (TestState test = TestState.create(linux, large)) {
            test.load(checksummed(far));
            assertThat(test.nodes()).contains(last);
            assertThat(test.state.handles().node(1)).isEqualTo(last);
            assertThat(kibibytes(test)).isLessThan(200);
            try (TestState successor = test.successor()) {
                assertThat(successor.nodes()).contains(last);
                assertThat(kibibytes(successor)).isLessThan(200);
            }
        }
    }

    /** More than a guest's small tree has, and more than this daemon's heap should hold. */
    @Test
    void aLargeStateIsNoOther() {
        int files = 230_000;
        Limits large = new Limits(1 << 18, 1 << 16, 1);
        try (TestState many = TestState.create(linux, large);
                TestState other = TestState.create(linux, large)) {
            many.state.beginSession(38, 1, 1 << 20);
            for (int i = 0; i < files; i++) {
                many.add(100 + i, TestState.FILE, NodeTable.ROOT, i + "n".repeat(249));
            }
            byte[] bytes = many.save();
            assertThat(bytes).hasSizeGreaterThan(64 << 20);
            other.load(bytes);
            assertThat(other.state.nodes().count()).isEqualTo(files + 1);
            assertThat(other.save()).isEqualTo(bytes);
        }
    }

    @Test
    void aStateThatHasNoRoomIsNotSaved() {
        for (int room = 0; room < saved.length; room++) {
            ByteBuffer into = ByteBuffer.allocate(room);
            assertThatThrownBy(() -> from.state.save(into)).isInstanceOf(StateException.class);
        }
        ByteBuffer enough = ByteBuffer.allocate(saved.length);
        from.state.save(enough);
        assertThat(enough.array()).isEqualTo(saved);
        assertThat(enough.remaining()).isZero();
    }

    private long kibibytes(TestState test) {
        long data = 0;
        long end = linux.files().stat(test.state.file()).size();
        for (long at = 0; at < end; ) {
            long from = linux.files().trySeek(test.state.file(), at, 3 /* SEEK_DATA */);
            if (from < 0) {
                break;
            }
            at = linux.files().trySeek(test.state.file(), from, 4 /* SEEK_HOLE */);
            data += at - from;
        }
        return data / 1024;
    }

    @Test
    void aSmallerDaemonSaysHowManyItNeeds() {
        try (TestState small = TestState.create(linux, new Limits(3, 8, 2))) {
            assertThatThrownBy(() -> small.load(saved)).hasMessageContaining("slot 3, there are 3");
        }
    }
}
