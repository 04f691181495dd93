package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import ringfence.linux.Linux;

/** Queues that work on the same nodes: no count is lost, and a node that a queue holds is found without the lock. */
class ManyQueuesTest {
    private static final int QUEUES = 4;
    private static final int INODES = 50;
    private static final int TURNS = 50_000;

    @Test
    void countsAddUp() throws Exception {
        try (FsState state = FsState.create(Linux.system(), new Limits(INODES + 20, 64, QUEUES));
                ExecutorService threads = Executors.newFixedThreadPool(QUEUES)) {
            state.root(TestState.DEVICE, TestState.ROOT_INODE, TestState.DIRECTORY);
            List<Callable<Void>> work = new ArrayList<>();
            for (int queue = 0; queue < QUEUES; queue++) {
                int own = queue;
                work.add(() -> {
                    serve(state, own);
                    return null;
                });
            }
            for (Future<Void> future : threads.invokeAll(work)) {
                future.get();
            }
            assertThat(state.nodes().count()).isEqualTo(1);
            assertThat(state.handles().count()).isZero();
            assertThat(state.underflows()).isZero();
        }
    }

    private static void serve(FsState state, int queue) {
        SplittableRandom random = new SplittableRandom(queue);
        int[] lookups = new int[INODES];
        long[] ids = new long[INODES];
        NodeTable nodes = state.nodes();
        for (int i = 0; i < TURNS; i++) {
            int inode = random.nextInt(INODES);
            if (random.nextBoolean()) {
                lookUp(state, queue, inode, lookups, ids);
            } else if (lookups[inode] > 0) {
                int less = 1 + random.nextInt(lookups[inode]);
                lookups[inode] -= less;
                try (Transaction transaction = state.begin(queue)) {
                    transaction.forget(nodes.slot(ids[inode]), less);
                    transaction.commit();
                }
            }
            int other = random.nextInt(INODES);
            if (lookups[other] > 0) {
                int slot = nodes.slot(ids[other]);
                assertThat(slot).isPositive();
                assertThat(nodes.inode(slot)).isEqualTo(100L + other);
                open(state, queue, slot);
            }
        }
        for (int inode = 0; inode < INODES; inode++) {
            try (Transaction transaction = state.begin(queue)) {
                transaction.forget(nodes.slot(ids[inode]), lookups[inode]);
                transaction.commit();
            }
        }
    }

    private static void lookUp(FsState state, int queue, int inode, int[] lookups, long[] ids) {
        try (Transaction transaction = state.begin(queue)) {
            int slot = state.nodes().find(TestState.DEVICE, 100L + inode);
            if (slot == NodeTable.NONE) {
                slot = TestState.add(transaction, 100L + inode, TestState.FILE, NodeTable.ROOT, "n" + inode);
            } else {
                transaction.lookedUp(slot, 1);
            }
            ids[inode] = state.nodes().id(slot);
            lookups[inode]++;
            transaction.commit();
        }
    }

    private static void open(FsState state, int queue, int slot) {
        long fh;
        try (Transaction transaction = state.begin(queue)) {
            int handle = transaction.open(slot, queue, false);
            fh = state.handles().id(handle);
            transaction.commit();
        }
        int handle = state.handles().slot(fh);
        assertThat(state.handles().flags(handle)).isEqualTo(queue);
        try (Transaction transaction = state.begin(queue)) {
            transaction.release(handle);
            transaction.commit();
        }
    }
}
