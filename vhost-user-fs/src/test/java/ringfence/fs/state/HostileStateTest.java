package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;

/**
 * A state file that holds anything: it is adopted, with what is right in it, or refused by a {@link StateException}; and
 * what is adopted is sound, so that a second look drops nothing more.
 */
class HostileStateTest {
    private static final int SEEDS = 10_000;
    private static final Duration BUDGET = Duration.ofSeconds(60);

    private final Linux linux = Linux.system();
    private final StateLayout layout = new StateLayout(TestState.SMALL);

    @Test
    @Timeout(300)
    void anyFileIsAdoptedOrRefused() {
        int refused = 0;
        int adopted = 0;
        int dropped = 0;
        long end = System.nanoTime() + BUDGET.toNanos();
        try (TestState original = prepare();
                Fd template = original.copyOfFile()) {
            for (int seed = 0; seed < SEEDS && System.nanoTime() < end; seed++) {
                SplittableRandom random = new SplittableRandom(seed);
                Fd file = TestState.copy(linux, template);
                damage(file, random);
                TestState test;
                try {
                    test = TestState.adopt(linux, file);
                } catch (StateException e) {
                    assertThat(e.getMessage()).startsWith("state file: ").doesNotContain("\n");
                    assertThat(file.isOpen()).isFalse();
                    refused++;
                    continue;
                }
                adopted++;
                dropped += test.state.dropped() > 0 ? 1 : 0;
                try (test) {
                    use(test, random);
                } catch (RuntimeException | AssertionError e) {
                    throw new AssertionError("seed " + seed, e);
                }
            }
        }
        assertThat(refused).isGreaterThan(100);
        assertThat(adopted).isGreaterThan(100);
        assertThat(dropped).isGreaterThan(100);
    }

    private TestState prepare() {
        TestState test = TestState.create(linux, TestState.SMALL);
        test.state.beginSession(38, 3, 1 << 20);
        int parent = NodeTable.ROOT;
        for (int i = 1; i < 18; i++) {
            int slot = test.add(100 + i, i % 3 == 0 ? TestState.FILE : TestState.DIRECTORY, parent, "name" + i);
            if (i % 4 == 0) {
                test.open(slot);
            }
            if (i == 12) {
                test.lock(slot, 1, false, 10, 19, LockTable.WRITE);
                test.lock(slot, 1, false, 30, 39, LockTable.READ);
                test.lock(slot, 2, true, 0, LockTable.END, LockTable.READ);
            }
            parent = i % 3 == 1 ? slot : parent;
        }
        test.add(105, TestState.FILE, 1, "superseding");
        test.forget(6, 1);
        for (long unique = 2; unique < 20; unique += 2) {
            test.state.log(1).intend(unique, 9, 1, 2, 3, 4);
        }
        test.kill.after(40);
        try (Transaction transaction = test.state.begin(0)) {
            TestState.add(transaction, 300, TestState.FILE, 1, "half");
            transaction.forget(5, 1);
            transaction.moved(7, 2, TestState.text("moved"), 0, 5);
        } catch (Kill.Killed _) {
            return test;
        }
        throw new AssertionError("not killed");
    }

    private void damage(Fd file, SplittableRandom random) {
        try (Mapping mapping = linux.memory().map(file, 0, layout.bytes())) {
            Words words = new MappedWords(mapping.segment());
            int times = 1 + random.nextInt(6);
            for (int i = 0; i < times; i++) {
                long word = word(random);
                words.set(word, value(words.get(word), random));
            }
        }
    }

    /** Mostly where something is. */
    private long word(SplittableRandom random) {
        return switch (random.nextInt(14)) {
            case 0 -> random.nextLong(StateLayout.HEADER_END);
            case 1 -> StateLayout.UNDO_COUNT;
            case 2, 3 -> StateLayout.UNDO + random.nextLong(30);
            case 4 -> StateLayout.logEntry(1, random.nextInt(4)) + random.nextLong(10);
            case 5, 6 -> layout.handle(random.nextInt(8)) + random.nextLong(4);
            case 7 -> random.nextLong(layout.words());
            case 8, 9 -> layout.lock(random.nextInt(4)) + random.nextLong(6);
            default -> layout.node(random.nextInt(24)) + random.nextLong(12);
        };
    }

    private long value(long old, SplittableRandom random) {
        return switch (random.nextInt(6)) {
            case 0, 1 -> old ^ 1L << random.nextInt(64);
            case 2 -> random.nextLong();
            case 3 -> old + random.nextInt(-3, 4);
            case 4 -> random.nextInt(40);
            default -> random.nextBoolean() ? Long.MAX_VALUE : layout.node(random.nextInt(24));
        };
    }

    private void use(TestState test, SplittableRandom random) {
        String first = test.picture();
        for (int slot : test.nodes()) {
            int above = test.state.nodes().parent(slot);
            for (int steps = 0; above != NodeTable.NONE; steps++) {
                assertThat(steps).isLessThan(24);
                above = test.state.nodes().parent(above);
            }
            assertThat(test.name(slot)).doesNotContain("/", "\0").isNotEqualTo("..");
        }
        try (TestState again = TestState.adopt(linux, test.copyOfFile())) {
            assertThat(again.state.dropped()).isZero();
            assertThat(again.picture()).isEqualTo(first);
        }
        askTheLog(test);
        work(test, random);
        byte[] saved = test.save();
        if (random.nextBoolean()) {
            test.load(saved);
            assertThat(test.state.dropped()).isZero();
        }
        test.state.beginSession(38, 1, 4096);
        assertThat(test.nodes()).containsExactly(NodeTable.ROOT);
        askTheLog(test);
    }

    private static void askTheLog(TestState test) {
        for (long unique = 0; unique < 30; unique++) {
            assertThat(test.past(1, unique, 9)).isNotNull();
        }
    }

    /** Or none: the daemon sees nothing below a file, and no lock outlives the last handle of its file for that reason. */
    private static int directory(TestState test, SplittableRandom random) {
        int slot = random.nextInt(24);
        NodeTable nodes = test.state.nodes();
        return nodes.isNode(slot) && (nodes.mode(slot) & 0xF000) == 0x4000 ? slot : NodeTable.NONE;
    }

    private static void lock(TestState test, Transaction transaction, SplittableRandom random) {
        int handle = random.nextInt(8);
        int node = test.state.handles().isHandle(handle) ? test.state.handles().node(handle) : NodeTable.NONE;
        if (node != NodeTable.NONE && (test.state.nodes().mode(node) & 0xF000) == 0x8000) {
            int start = random.nextInt(40);
            transaction.lock(node, 1, false, start, start + random.nextInt(20), random.nextInt(3), 1);
        }
    }

    private static void work(TestState test, SplittableRandom random) {
        List<Integer> added = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            try (Transaction transaction = test.state.begin(1)) {
                int inode = 100 + random.nextInt(20);
                added.add(TestState.add(transaction, inode, TestState.FILE, directory(test, random), "added"));
                transaction.forget(random.nextInt(24), random.nextInt(3));
                transaction.moved(random.nextInt(24), directory(test, random), TestState.text("elsewhere"), 0, 9);
                transaction.release(random.nextInt(8));
                transaction.open(random.nextInt(24), 0, false);
                lock(test, transaction, random);
                transaction.done(1000 + i, 9, TestState.text("reply"), 5);
                if (random.nextInt(4) > 0) {
                    transaction.commit();
                }
            }
        }
        assertThat(added).hasSize(20);
    }
}
