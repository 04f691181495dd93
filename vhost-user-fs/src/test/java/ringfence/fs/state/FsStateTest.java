package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ringfence.fs.state.TestState.DEVICE;
import static ringfence.fs.state.TestState.DIRECTORY;
import static ringfence.fs.state.TestState.FILE;
import static ringfence.fs.state.TestState.text;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Seal;

class FsStateTest {
    private final Linux linux = Linux.system();
    private TestState test = TestState.create(linux, TestState.SMALL);
    private final NodeTable nodes = test.state.nodes();
    private final HandleTable handles = test.state.handles();

    @AfterEach
    void close() {
        test.close();
    }

    @Test
    void beginsWithTheRootAndNoSession() {
        assertThat(test.nodes()).containsExactly(NodeTable.ROOT);
        assertThat(nodes.id(NodeTable.ROOT)).isEqualTo(1);
        assertThat(nodes.slot(1)).isEqualTo(NodeTable.ROOT);
        assertThat(nodes.find(DEVICE, TestState.ROOT_INODE)).isEqualTo(NodeTable.ROOT);
        assertThat(test.state.session()).isEqualTo(new Session(1, false, 0, 0, 0));
    }

    @Test
    void aNodeIsFoundByIdAndByItsFile() {
        int directory = test.add(10, DIRECTORY, NodeTable.ROOT, "directory");
        int file = test.add(11, FILE, directory, "a file");
        assertThat(nodes.slot(nodes.id(file))).isEqualTo(file);
        assertThat(nodes.find(DEVICE, 11)).isEqualTo(file);
        assertThat(nodes.find(DEVICE + 1, 11)).isEqualTo(NodeTable.NONE);
        assertThat(nodes.mode(file)).isEqualTo(FILE);
        assertThat(nodes.lookups(file)).isEqualTo(1);
        assertThat(nodes.parent(file)).isEqualTo(directory);
        assertThat(test.name(file)).isEqualTo("a file");
        assertThat(test.fileHandle(file)).startsWith("0c00000001000000");
        assertThat(nodes.references(directory)).isEqualTo(1);
        assertThat(nodes.count()).isEqualTo(3);
    }

    @Test
    void aNodeLivesWhileItIsLookedUpOpenOrAbove() {
        int directory = test.add(10, DIRECTORY, NodeTable.ROOT, "d");
        int file = test.add(11, FILE, directory, "f");
        int handle = test.open(file);
        assertThat(test.forget(directory, 1)).isFalse();
        assertThat(test.forget(file, 1)).isFalse();
        List<Integer> freed = new ArrayList<>();
        test.state.observe(new Freed() {
            @Override
            public void node(int slot) {
                freed.add(slot);
            }

            @Override
            public void handle(int slot) {
                freed.add(100 + slot);
            }
        });
        assertThat(test.release(handle)).isTrue();
        assertThat(freed).containsExactlyInAnyOrder(file, directory, 100 + handle);
        assertThat(test.nodes()).containsExactly(NodeTable.ROOT);
        assertThat(handles.count()).isZero();
    }

    @Test
    void anIdOfAFreedSlotIsStale() {
        int slot = test.add(10, FILE, NodeTable.ROOT, "f");
        long id = nodes.id(slot);
        int handle = test.open(slot);
        long fh = handles.id(handle);
        test.release(handle);
        test.forget(slot, 1);
        assertThat(nodes.slot(id)).isEqualTo(NodeTable.NONE);
        int again = test.add(12, FILE, NodeTable.ROOT, "g");
        assertThat(again).isEqualTo(slot);
        assertThat(nodes.id(again)).isGreaterThan(id);
        assertThat(nodes.slot(id)).isEqualTo(NodeTable.NONE);
        assertThat(test.open(again)).isEqualTo(handle);
        assertThat(handles.slot(fh)).isEqualTo(HandleTable.NONE);
        assertThat(handles.slot(handles.id(handle))).isEqualTo(handle);
    }

    @Test
    void forgedIdsAreNone() {
        test.add(10, FILE, NodeTable.ROOT, "f");
        for (long id :
                new long[] {0, 2, -1, 1L << 24, 1L << 24 | 5, 2L << 24 | 1, Long.MAX_VALUE, Long.MIN_VALUE | 1}) {
            assertThat(nodes.slot(id)).as("id %x", id).isEqualTo(NodeTable.NONE);
            assertThat(handles.slot(id)).as("fh %x", id).isEqualTo(HandleTable.NONE);
        }
    }

    @Test
    void aForgetOfTooMuchIsAllAndCounted() {
        int slot = test.add(10, FILE, NodeTable.ROOT, "f");
        try (Transaction transaction = test.state.begin(0)) {
            assertThat(transaction.lookedUp(slot, 5)).isTrue();
            assertThat(transaction.forget(slot, 2)).isFalse();
            assertThat(nodes.lookups(slot)).isEqualTo(4);
            assertThat(transaction.forget(slot, -1)).isTrue();
            assertThat(transaction.forget(slot, 1)).isFalse();
            assertThat(transaction.forget(NodeTable.ROOT, 77)).isFalse();
            transaction.commit();
        }
        assertThat(test.state.underflows()).isEqualTo(2);
        assertThat(test.nodes()).containsExactly(NodeTable.ROOT);
    }

    @Test
    void slotsThatAreNotInUseAreRefusedWithoutAnException() {
        try (Transaction transaction = test.state.begin(0)) {
            for (int slot : new int[] {-1, 5, 23, 24, Integer.MAX_VALUE}) {
                assertThat(transaction.lookedUp(slot, 1)).isFalse();
                assertThat(transaction.forget(slot, 1)).isFalse();
                assertThat(transaction.open(slot, 0, false)).isEqualTo(HandleTable.NONE);
                assertThat(transaction.release(slot)).isFalse();
                transaction.moved(slot, NodeTable.ROOT, text("x"), 0, 1);
            }
            transaction.commit();
        }
        assertThat(test.nodes()).containsExactly(NodeTable.ROOT);
    }

    @Test
    void fullTablesSaySo() {
        for (int i = 1; i < 24; i++) {
            assertThat(test.add(100 + i, FILE, NodeTable.ROOT, "f" + i)).isEqualTo(i);
        }
        assertThat(test.add(99, FILE, NodeTable.ROOT, "more")).isEqualTo(NodeTable.NONE);
        for (int i = 0; i < 8; i++) {
            assertThat(test.open(3)).isEqualTo(i);
        }
        assertThat(test.open(3)).isEqualTo(HandleTable.NONE);
        assertThat(nodes.references(3)).isEqualTo(8);
        test.forget(7, 1);
        assertThat(test.add(99, FILE, NodeTable.ROOT, "more")).isEqualTo(7);
    }

    @Test
    void withoutACommitNothingHasHappened() {
        int directory = test.add(10, DIRECTORY, NodeTable.ROOT, "d");
        int file = test.add(11, FILE, directory, "f");
        int handle = test.open(file);
        String before = test.picture();
        try (Transaction transaction = test.state.begin(0)) {
            TestState.add(transaction, 12, FILE, directory, "new");
            TestState.add(transaction, 11, FILE, directory, "the same inode again");
            transaction.moved(file, NodeTable.ROOT, text("elsewhere"), 0, 9);
            transaction.rebind(directory, DEVICE, 500, null);
            transaction.release(handle);
            transaction.open(directory, 0, true);
            transaction.forget(file, 1);
            assertThat(nodes.find(DEVICE, 12)).isPositive();
        }
        assertThat(test.picture()).isEqualTo(before);
        test = test.successor();
        assertThat(test.picture()).isEqualTo(before);
    }

    @Test
    void aSuccessorSeesTheSame() {
        test.state.beginSession(31, 0x1234_5678_9ABCL, 1 << 20);
        int directory = test.add(10, DIRECTORY, NodeTable.ROOT, "d");
        int file = test.add(11, FILE, directory, "x".repeat(255));
        test.open(file);
        test.forget(file, 1);
        String before = test.picture();
        test = test.successor();
        assertThat(test.picture()).isEqualTo(before);
        assertThat(test.state.session()).isEqualTo(new Session(2, true, 31, 0x1234_5678_9ABCL, 1 << 20));
        assertThat(test.state.dropped()).isZero();
        assertThat(test.state.root(DEVICE, 77, DIRECTORY)).isFalse();
        assertThat(test.state.root(DEVICE, TestState.ROOT_INODE, DIRECTORY)).isTrue();
    }

    @Test
    void aSessionVoidsAllOfTheLastOne() {
        int slot = test.add(10, FILE, NodeTable.ROOT, "f");
        long id = nodes.id(slot);
        long fh = handles.id(test.open(slot));
        List<String> freed = new ArrayList<>();
        test.state.observe(new Freed() {
            @Override
            public void node(int slot) {
                freed.add("node " + slot);
            }

            @Override
            public void handle(int slot) {
                freed.add("handle " + slot);
            }
        });
        test.state.beginSession(38, 1, 4096);
        assertThat(freed).containsExactlyInAnyOrder("node 1", "handle 0");
        assertThat(test.nodes()).containsExactly(NodeTable.ROOT);
        assertThat(nodes.slot(id)).isEqualTo(NodeTable.NONE);
        assertThat(handles.slot(fh)).isEqualTo(HandleTable.NONE);
        assertThat(nodes.find(DEVICE, 10)).isEqualTo(NodeTable.NONE);
        assertThat(nodes.references(NodeTable.ROOT)).isZero();
        // the same slot again: the old id stays stale
        assertThat(test.add(10, FILE, NodeTable.ROOT, "f")).isEqualTo(slot);
        assertThat(nodes.slot(id)).isEqualTo(NodeTable.NONE);
        test.state.endSession();
        assertThat(test.state.session()).isEqualTo(new Session(3, false, 0, 0, 0));
        assertThat(test.nodes()).containsExactly(NodeTable.ROOT);
    }

    @Test
    void anInodeThatTheHostUsesAgainIsAnotherNode() {
        int older = test.add(10, FILE, NodeTable.ROOT, "f");
        int newer = test.add(10, FILE, NodeTable.ROOT, "f");
        assertThat(newer).isNotEqualTo(older);
        assertThat(nodes.find(DEVICE, 10)).isEqualTo(newer);
        assertThat(nodes.slot(nodes.id(older))).isEqualTo(older);
        String before = test.picture();
        test = test.successor();
        assertThat(test.picture()).isEqualTo(before);
        test.forget(older, 1);
        assertThat(test.state.nodes().find(DEVICE, 10)).isEqualTo(newer);
        test.forget(newer, 1);
        assertThat(test.state.nodes().find(DEVICE, 10)).isEqualTo(NodeTable.NONE);
    }

    /** The host's users move directories, too: a, seen below b, where b was last seen below a. */
    @Test
    void recordedPlacesNeverGoRound() {
        int a = test.add(10, DIRECTORY, NodeTable.ROOT, "a");
        int b = test.add(11, DIRECTORY, a, "b");
        int c = test.add(12, DIRECTORY, b, "c");
        try (Transaction transaction = test.state.begin(0)) {
            transaction.moved(a, c, text("a"), 0, 1);
            transaction.moved(c, c, text("c"), 0, 1);
            transaction.commit();
        }
        assertThat(nodes.parent(a)).isEqualTo(c);
        assertThat(nodes.parent(b)).isEqualTo(NodeTable.NONE);
        assertThat(nodes.parent(c)).isEqualTo(NodeTable.NONE);
        String before = test.picture();
        test = test.successor();
        assertThat(test.picture()).isEqualTo(before);
    }

    @Test
    void aDeepPathGoesInSeveralTransactions() {
        try (TestState deep = TestState.create(linux, new Limits(1000, 1, 1))) {
            int leaf = NodeTable.ROOT;
            for (int i = 1; i < 1000; i++) {
                leaf = deep.add(100 + i, DIRECTORY, leaf, "d");
            }
            for (int slot = 1; slot < 999; slot++) {
                assertThat(deep.forget(slot, 1)).isFalse();
            }
            deep.forget(leaf, 1);
            assertThat(deep.state.nodes().count()).isGreaterThan(500);
            TestState next = deep.successor();
            for (int i = 0; i < 15; i++) {
                next.forget(NodeTable.ROOT, 1);
            }
            assertThat(next.nodes()).containsExactly(NodeTable.ROOT);
            next.close();
        }
    }

    @Test
    void aTransactionBelongsToOneThreadAndEndsOnce() {
        Transaction transaction = test.state.begin(0);
        assertThatThrownBy(() -> test.state.begin(1)).isInstanceOf(IllegalStateException.class);
        transaction.commit();
        transaction.close();
        assertThatThrownBy(() -> transaction.lookedUp(0, 1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(transaction::commit).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aTransactionThatIsTooLongIsRefusedWhole() {
        try (TestState large = TestState.create(linux, new Limits(1 << 15, 1, 1))) {
            String before = large.picture();
            int[] fit = new int[1];
            assertThatThrownBy(() -> {
                        try (Transaction transaction = large.state.begin(0)) {
                            for (int i = 0; ; i++) {
                                fit[0] += transaction.hasRoom() ? 1 : 0;
                                TestState.add(transaction, 100 + i, FILE, NodeTable.ROOT, "f");
                            }
                        }
                    })
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("hasRoom");
            assertThat(fit[0]).isGreaterThan(1500);
            assertThat(large.picture()).isEqualTo(before);
        }
    }

    @Test
    void refusesAFileThatIsNone() {
        Fd unsealed = linux.memory().memfd("x", 1 << 20);
        assertThatThrownBy(() -> FsState.adopt(linux, unsealed))
                .isInstanceOf(StateException.class)
                .hasMessageContaining("sealed");
        assertThat(unsealed.isOpen()).isFalse();
        for (long size : new long[] {0, 8, 4096, 1 << 20}) {
            Fd zeros = linux.memory().memfd("x", size);
            linux.memory().seal(zeros, Seal.SHRINK);
            assertThatThrownBy(() -> FsState.adopt(linux, zeros)).isInstanceOf(StateException.class);
            assertThat(zeros.isOpen()).isFalse();
        }
    }

    @Test
    void limitsHaveLimits() {
        assertThatThrownBy(() -> new Limits(1, 1, 1)).hasMessageContaining("nodes=1");
        assertThatThrownBy(() -> new Limits(2, 0, 1)).hasMessageContaining("handles=0");
        assertThatThrownBy(() -> new Limits(2, 1, 257)).hasMessageContaining("queues=257");
        assertThat(Limits.forQueues(3)).isEqualTo(new Limits(1 << 20, 1 << 16, 3));
    }
}
