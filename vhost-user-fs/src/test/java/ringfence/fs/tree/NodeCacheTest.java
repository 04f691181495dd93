package ringfence.fs.tree;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;

/** Which nodes' descriptors go when there are too many. */
class NodeCacheTest {
    private static final int CAPACITY = 8;

    private final Linux linux = Linux.system();
    private final OpenTable table = new OpenTable(4096);
    private final List<OpenFile> retired = new ArrayList<>();
    private final NodeCache cache = new NodeCache(table, CAPACITY, retired::add);
    private final DescriptorBudget budget = new DescriptorBudget(2 * CAPACITY, cache::reclaim);

    NodeCacheTest() {
        table.cache(cache::admit);
    }

    @AfterEach
    void close() {
        retired.forEach(OpenFile::release);
        table.clear();
        assertThat(budget.taken()).as("descriptors lost").isZero();
    }

    private OpenFile open(int slot) {
        assertThat(budget.tryTake()).isTrue();
        OpenFile file = new OpenFile(linux.files().open("/dev/null", OpenFlag.PATH), budget);
        file.byHandle(true);
        table.put(slot, file);
        return file;
    }

    private void use(int slot) {
        table.use(slot).release();
    }

    private int openSlots(int from, int to) {
        int count = 0;
        for (int slot = from; slot < to; slot++) {
            count += table.peek(slot) != null ? 1 : 0;
        }
        return count;
    }

    @Test
    void holdsSoManyAndNoMore() {
        for (int slot = 0; slot < 100; slot++) {
            open(slot);
            release();
            assertThat(openSlots(0, 100)).isLessThanOrEqualTo(CAPACITY);
        }
        assertThat(openSlots(0, 100)).isEqualTo(CAPACITY);
        assertThat(table.wasEvicted(0)).isTrue();
        assertThat(table.wasEvicted(99)).isFalse();
        assertThat(table.wasEvicted(100)).as("never there").isFalse();
    }

    private void release() {
        retired.forEach(OpenFile::release);
        retired.clear();
    }

    @Test
    void whatIsUsedStays() {
        open(0);
        for (int slot = 1; slot < 100; slot++) {
            use(0);
            open(slot);
            release();
            assertThat(table.peek(0)).as("after slot %d", slot).isNotNull();
        }
    }

    @Test
    void whatWasForgottenTakesNoPlace() {
        for (int slot = 0; slot < CAPACITY; slot++) {
            open(slot);
        }
        for (int slot = 0; slot < CAPACITY; slot++) {
            table.take(slot).release();
        }
        for (int slot = 10; slot < 10 + CAPACITY; slot++) {
            open(slot);
        }
        assertThat(retired).isEmpty();
        assertThat(openSlots(10, 10 + CAPACITY)).isEqualTo(CAPACITY);
    }

    @Test
    void whatIsPinnedStaysUntilItIsNot() {
        OpenFile pinned = open(0);
        assertThat(cache.pin(pinned)).isTrue();
        for (int slot = 1; slot < 50; slot++) {
            open(slot);
            release();
        }
        assertThat(table.peek(0)).isSameAs(pinned);
        cache.unpin(pinned);
        for (int slot = 50; slot < 100; slot++) {
            open(slot);
            release();
        }
        assertThat(table.wasEvicted(0)).isTrue();
        assertThat(cache.pin(pinned)).as("too late").isFalse();
    }

    /** The guest's open files need the descriptors more. */
    @Test
    void givesThemAllBackWhenOthersNeedThem() {
        for (int slot = 0; slot < CAPACITY; slot++) {
            open(slot);
        }
        for (int i = 0; i < 2 * CAPACITY; i++) {
            assertThat(budget.tryTake()).isTrue();
        }
        assertThat(openSlots(0, CAPACITY)).isZero();
        assertThat(budget.tryTake()).isFalse();
        budget.take();
        assertThat(budget.taken()).as("a node that a request needs").isEqualTo(2 * CAPACITY + 1);
        for (int i = 0; i < 2 * CAPACITY + 1; i++) {
            budget.give();
        }
    }

    @Test
    void aFileInUseIsClosedByItsLastUser() {
        OpenFile used = open(0);
        assertThat(table.use(0)).isSameAs(used);
        while (cache.reclaim()) {
            assertThat(table.peek(0)).isNull();
        }
        assertThat(used.fd().isOpen()).isTrue();
        used.release();
        assertThat(used.fd().isOpen()).isFalse();
    }
}
