package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;

class LockTableTest {
    private final Linux linux = Linux.system();
    private TestState test = TestState.create(linux, TestState.SMALL);
    private final int file = test.add(10, TestState.FILE, NodeTable.ROOT, "f");
    private final int handle = test.open(file);

    @AfterEach
    void close() {
        test.close();
    }

    private void lock(long start, long end, int type) {
        assertThat(test.lock(file, 1, false, start, end, type)).isTrue();
    }

    private String mine(long start, long end, String type) {
        return "node " + file + " owner 1 " + start + "-" + end + " " + type + " 7";
    }

    /** As fcntl(2): a range takes the place of what the owner had there. */
    @Test
    void rangesOfAnOwnerSplitAndMerge() {
        lock(0, 99, LockTable.WRITE);
        lock(40, 49, LockTable.READ);
        assertThat(test.locks()).containsExactly(mine(0, 39, "write"), mine(40, 49, "read"), mine(50, 99, "write"));
        lock(30, 44, LockTable.UNLOCK);
        assertThat(test.locks()).containsExactly(mine(0, 29, "write"), mine(45, 49, "read"), mine(50, 99, "write"));
        lock(30, 49, LockTable.WRITE);
        assertThat(test.locks()).containsExactly(mine(0, 99, "write"));
        lock(100, LockTable.END, LockTable.WRITE);
        assertThat(test.locks()).containsExactly(mine(0, LockTable.END, "write"));
        lock(5, LockTable.END, LockTable.UNLOCK);
        assertThat(test.locks()).containsExactly(mine(0, 4, "write"));
    }

    @Test
    void ownersAndKindsAreApart() {
        lock(0, 99, LockTable.WRITE);
        test.lock(file, 2, false, 100, 199, LockTable.WRITE);
        test.lock(file, 1, true, 0, LockTable.END, LockTable.READ);
        assertThat(test.locks()).hasSize(3);
        LockTable locks = test.state.locks();
        long node = test.state.nodes().id(file);
        assertThat(locks.conflict(node, 2, 50, 60, LockTable.READ)).isNotNegative();
        assertThat(locks.conflict(node, 1, 50, 60, LockTable.WRITE)).isEqualTo(LockTable.NONE);
        assertThat(locks.conflict(node, 1, 150, 160, LockTable.READ)).isNotNegative();
        assertThat(locks.conflict(node, 3, 200, 210, LockTable.WRITE)).isEqualTo(LockTable.NONE);
        try (Transaction transaction = test.state.begin(0)) {
            assertThat(transaction.unlock(node, 1, false)).isEqualTo(1);
            transaction.commit();
        }
        assertThat(locks.holds(node, 1, false)).isFalse();
        assertThat(locks.holds(node, 1, true)).isTrue();
        assertThat(locks.holds(node, 2, false)).isTrue();
    }

    @Test
    void noLockOutlivesTheLastHandle() {
        int other = test.open(file);
        lock(0, 9, LockTable.READ);
        test.release(handle);
        assertThat(test.locks()).hasSize(1);
        test.release(other);
        assertThat(test.locks()).isEmpty();
        assertThat(test.state.nodes().count()).isEqualTo(2);
    }

    @Test
    void aSuccessorKnowsThemAndANewSessionDoesNot() {
        lock(0, 9, LockTable.READ);
        test.lock(file, -1, true, 0, LockTable.END, LockTable.WRITE);
        var before = test.locks();
        test = test.successor();
        assertThat(test.locks()).isEqualTo(before);
        test.state.beginSession(38, 0, 4096);
        assertThat(test.locks()).isEmpty();
        test = test.successor();
        assertThat(test.locks()).isEmpty();
        assertThat(test.state.dropped()).isZero();
    }

    @Test
    void atTheBoundThereIsNoRoomButForUnlocking() {
        int taken = 0;
        while (test.lock(file, 1, false, 2L * taken, 2L * taken, LockTable.READ)) {
            taken++;
        }
        assertThat(taken).isEqualTo(LockTable.MOST - 1);
        assertThat(test.lock(file, 2, false, 0, 1, LockTable.READ)).isFalse();
        assertThat(test.lock(file, 1, false, 0, LockTable.END, LockTable.UNLOCK))
                .isTrue();
        assertThat(test.locks()).isEmpty();
        assertThat(test.lock(file, 2, false, 0, 1, LockTable.READ)).isTrue();
    }

    /** A slot that cannot be right is dropped: on a file that is not open, upside down, over another one. */
    @Test
    void whatCannotBeALockIsDropped() {
        lock(0, 9, LockTable.READ);
        lock(20, 29, LockTable.READ);
        lock(40, 49, LockTable.READ);
        lock(60, 69, LockTable.READ);
        long at = test.state.locks().at(0);
        Fd copy = test.copyOfFile();
        long bytes = linux.files().stat(copy).size();
        try (Mapping mapping = linux.memory().map(copy, 0, bytes)) {
            Words words = new MappedWords(mapping.segment());
            words.set(at + StateLayout.LOCK_START, 10);
            words.set(at + StateLayout.LOCK_WORDS + StateLayout.LOCK_END, 40);
            words.set(at + 3 * StateLayout.LOCK_WORDS + StateLayout.LOCK_KIND, 4);
        }
        try (TestState successor = TestState.adopt(linux, copy)) {
            assertThat(successor.state.dropped()).isEqualTo(3);
            assertThat(successor.locks()).containsExactly(mine(20, 40, "read"));
        }
    }

    @Test
    void anotherVersionIsRefusedInOneLine() {
        Fd copy = test.copyOfFile();
        try (Mapping mapping = linux.memory().map(copy, 0, 4096)) {
            new MappedWords(mapping.segment()).set(StateLayout.VERSION, StateLayout.VERSION_VALUE - 1);
        }
        assertThatThrownBy(() -> FsState.adopt(linux, copy))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("version=1, known is version 2")
                .hasMessageNotContaining("\n");
    }
}
