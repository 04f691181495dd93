package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import ringfence.linux.Linux;

/**
 * Random transactions against a {@link Model}: committed, given up, killed at any store; and every now and then a
 * successor takes over.
 */
class ModelTest {
    private static final int TRANSACTIONS = 100_000;
    private static final int INODES = 60;

    private final Linux linux = Linux.system();
    private final SplittableRandom random = new SplittableRandom(20261128);
    private final List<Long> staleIds = new ArrayList<>();
    private TestState test = TestState.create(linux, new Limits(40, 12, 1));
    private Model model = new Model();
    private int killed;
    private int successors;

    @Test
    void doesWhatTheModelDoes() {
        for (int i = 0; i < TRANSACTIONS; i++) {
            int kind = random.nextInt(1000);
            if (kind == 0) {
                test.state.beginSession(38, 1, 4096);
                model.newSession();
            } else if (kind < 10) {
                successor();
            } else if (kind < 20) {
                killInside();
            } else {
                transaction();
            }
            check(i);
        }
        assertThat(killed).isGreaterThan(300);
        assertThat(successors).isGreaterThan(1000);
        assertThat(test.state.dropped()).isZero();
        test.close();
    }

    private void check(int i) {
        if (i % 10 == 0 || i > TRANSACTIONS - 100) {
            Model now = Model.of(test);
            assertThat(now.picture()).as("transaction " + i).isEqualTo(model.picture());
        }
        for (int j = 0; j < 3; j++) {
            long inode = 10L + random.nextInt(INODES);
            assertThat(test.state.nodes().find(TestState.DEVICE, inode)).isEqualTo(model.find(inode));
        }
        assertThat(test.state.nodes().count()).isEqualTo(model.nodes.size());
        assertThat(test.state.handles().count()).isEqualTo(model.handles.size());
        for (int j = 0; j < 3 && !staleIds.isEmpty(); j++) {
            long id = staleIds.get(random.nextInt(staleIds.size()));
            int slot = test.state.nodes().slot(id);
            assertThat(slot == NodeTable.NONE || model.nodes.get(slot).id() == id)
                    .isTrue();
        }
    }

    private void successor() {
        test = test.successor();
        test.state.root(TestState.DEVICE, TestState.ROOT_INODE, TestState.DIRECTORY);
        successors++;
    }

    private void transaction() {
        Model before = model.copy();
        try (Transaction transaction = test.state.begin(0)) {
            steps(transaction);
            if (random.nextInt(10) > 0) {
                transaction.commit();
            } else {
                model = before;
            }
        }
    }

    /** The transaction is cut off; its successor sees it whole or not at all. */
    private void killInside() {
        Model before = model.copy();
        test.kill.after(random.nextInt(40));
        boolean complete = true;
        try (Transaction transaction = test.state.begin(0)) {
            steps(transaction);
            transaction.commit();
        } catch (Kill.Killed _) {
            complete = false;
        }
        if (!complete) {
            model = before;
            killed++;
        }
        successor();
        assertThat(Model.of(test).picture()).isEqualTo(model.picture());
    }

    private void steps(Transaction transaction) {
        int steps = 1 + random.nextInt(4);
        for (int i = 0; i < steps; i++) {
            switch (random.nextInt(10)) {
                case 0, 1, 2 -> lookUp(transaction);
                case 3, 4 -> forget(transaction);
                case 5 -> move(transaction);
                case 6 -> open(transaction);
                case 7 -> lock(transaction);
                case 8 -> unlock(transaction);
                default -> release(transaction);
            }
        }
    }

    private int anyNode() {
        return random.nextInt(42) - 1;
    }

    /** Or no node at all. */
    private int anyDirectory() {
        int slot = anyNode();
        Model.Node node = model.nodes.get(slot);
        return node != null && (node.mode() & 0xF000) != 0x4000 ? NodeTable.NONE : slot;
    }

    private String anyName() {
        return "n".repeat(random.nextInt(30) == 0 ? 255 : 1 + random.nextInt(20)) + random.nextInt(10);
    }

    private void lookUp(Transaction transaction) {
        long inode = 10L + random.nextInt(INODES);
        int known = test.state.nodes().find(TestState.DEVICE, inode);
        assertThat(known).isEqualTo(model.find(inode));
        if (known != NodeTable.NONE && random.nextInt(20) > 0) {
            int more = 1 + random.nextInt(3);
            assertThat(transaction.lookedUp(known, more)).isTrue();
            model.lookedUp(known, more);
            return;
        }
        int parent = anyDirectory();
        String name = cut(anyName());
        int mode = random.nextBoolean() ? TestState.FILE : TestState.DIRECTORY;
        int slot = TestState.add(transaction, inode, mode, parent, name);
        boolean full = slot == NodeTable.NONE;
        if (!full) {
            NodeTable nodes = test.state.nodes();
            staleIds.add(nodes.id(slot));
            int place = model.nodes.containsKey(parent) ? parent : NodeTable.NONE;
            assertThat(model.nodes).doesNotContainKey(slot);
            model.add(slot, new Model.Node(nodes.id(slot), inode, mode, 1, place, name, test.fileHandle(slot), false));
        }
    }

    private static String cut(String name) {
        return name.length() > 255 ? name.substring(0, 255) : name;
    }

    private void forget(Transaction transaction) {
        int slot = anyNode();
        int less = random.nextInt(4);
        assertThat(transaction.forget(slot, less)).isEqualTo(model.forget(slot, less));
    }

    private void move(Transaction transaction) {
        int slot = anyNode();
        int parent = anyDirectory();
        String name = cut(anyName());
        transaction.moved(slot, parent, TestState.text(name), 0, name.length());
        model.move(slot, parent, name);
    }

    private void open(Transaction transaction) {
        int node = anyNode();
        boolean directory = random.nextBoolean();
        int handle = transaction.open(node, 0x8000, directory);
        if (handle != HandleTable.NONE) {
            model.handles.put(handle, new Model.Handle(test.state.handles().id(handle), node, 0x8000, directory));
        } else {
            assertThat(model.nodes.containsKey(node)
                            && test.state.handles().slots.taken() < 12)
                    .isFalse();
        }
    }

    /** On a file that is open, as the daemon sees to. */
    private void lock(Transaction transaction) {
        Model.Handle handle = model.handles.get(random.nextInt(12));
        if (handle == null || (model.nodes.get(handle.node()).mode() & 0xF000) != 0x8000) {
            return;
        }
        long owner = random.nextInt(2);
        long start = random.nextInt(12);
        long end = start + random.nextInt(6);
        int type = random.nextInt(3);
        assertThat(transaction.lock(handle.node(), owner, false, start, end, type, 7))
                .isTrue();
        model.lock(handle.node(), owner, start, end, type);
    }

    private void unlock(Transaction transaction) {
        int node = anyNode();
        if (model.nodes.containsKey(node)) {
            long owner = random.nextInt(2);
            assertThat(transaction.unlock(test.state.nodes().id(node), owner, false))
                    .isEqualTo(model.unlock(node, owner));
        }
    }

    private void release(Transaction transaction) {
        int handle = random.nextInt(14) - 1;
        assertThat(transaction.release(handle)).isEqualTo(model.release(handle));
    }
}
