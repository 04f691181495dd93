package ringfence.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class MemoryTableTest {
    private static final long K64 = 0x1_0000;

    /** Two regions that touch at 64 KiB, and one far away. */
    private final TestMemory memory =
            new TestMemory().region(0x10_0000, K64).region(0, K64).region(K64, K64);

    private final MemoryTable table = memory.table();

    @AfterEach
    void unmap() {
        memory.close();
    }

    @Test
    void sortsRegionsByGuestAddress() {
        assertThat(table.regions()).extracting(Region::guestAddress).containsExactly(0L, K64, 0x10_0000L);
        assertThat(table.guestEnd()).isEqualTo(0x11_0000);
        assertThat(table.segment(1).address())
                .isEqualTo(table.regions().get(1).mapping().address());
    }

    @Test
    void findsARangeThatLiesWhollyInOneRegion() {
        assertThat(table.find(0, 1)).isZero();
        assertThat(table.find(0, K64)).isZero();
        assertThat(table.find(K64, 1)).isEqualTo(1);
        assertThat(table.find(0x10_FFFF, 1)).isEqualTo(2);
    }

    @Test
    void findsNothingForARangeThatLeavesItsRegion() {
        assertThat(table.find(K64 - 1, 2)).isEqualTo(-1);
        assertThat(table.find(2 * K64, 1)).isEqualTo(-1);
        assertThat(table.find(0x10_0000 - 1, 1)).isEqualTo(-1);
        assertThat(table.find(0x11_0000, 1)).isEqualTo(-1);
        assertThat(table.find(0, K64 + 1)).isEqualTo(-1);
    }

    @Test
    void findsNothingForNumbersThatWrapAround() {
        assertThat(table.find(-1, 1)).isEqualTo(-1);
        assertThat(table.find(-1, 16)).isEqualTo(-1);
        assertThat(table.find(Long.MAX_VALUE, 16)).isEqualTo(-1);
        assertThat(table.find(Long.MIN_VALUE, 16)).isEqualTo(-1);
        assertThat(table.find(8, Long.MAX_VALUE)).isEqualTo(-1);
        assertThat(table.find(8, -1)).isEqualTo(-1);
        assertThat(table.find(8, Long.MIN_VALUE)).isEqualTo(-1);
    }

    /** The search agrees with the obvious definition, for numbers around every edge. */
    @Test
    void agreesWithTheDefinition() {
        long[] edges = {0, K64, 2 * K64, 0x10_0000, 0x11_0000, Long.MAX_VALUE, Long.MIN_VALUE, -1};
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < 200_000; i++) {
            long gpa = edges[random.nextInt(edges.length)] + random.nextInt(-40, 40);
            long length = random.nextBoolean() ? random.nextInt(0, 80) : K64 + random.nextInt(-40, 40);
            int expected = -1;
            for (int region = 0; region < table.count(); region++) {
                long end = table.guestAddress(region) + table.size(region);
                if (gpa >= table.guestAddress(region) && gpa < end && length <= end - gpa) {
                    expected = region;
                }
            }
            if (length != 0) {
                assertThat(table.find(gpa, length)).as("%x+%x", gpa, length).isEqualTo(expected);
            }
        }
    }

    @Test
    void translatesTheFrontEndsAddresses() {
        assertThat(table.toGuest(TestMemory.USER_BASE + K64 + 8, 16)).isEqualTo(K64 + 8);
        assertThat(table.toGuest(TestMemory.USER_BASE + K64 - 8, 16)).isEqualTo(-1);
        assertThat(table.toGuest(0, 1)).isEqualTo(-1);
        assertThat(table.toGuest(-1, 1)).isEqualTo(-1);
        assertThat(table.toGuest(TestMemory.USER_BASE, -1)).isEqualTo(-1);
        assertThat(table.toGuest(TestMemory.USER_BASE, Long.MAX_VALUE)).isEqualTo(-1);
    }

    @Test
    void copiesAcrossAdjacentRegions() {
        byte[] bytes = {1, 2, 3, 4, 5, 6};
        table.write(K64 - 3, bytes);
        byte[] read = new byte[6];
        table.read(K64 - 3, read);
        assertThat(read).containsExactly(bytes);
        table.clear(K64 - 1, 2);
        table.read(K64 - 3, read);
        assertThat(read).containsExactly(1, 2, 0, 0, 5, 6);
    }

    @Test
    void refusesToCopyWhereThereIsNoMemory() {
        assertThatThrownBy(() -> table.write(2 * K64 - 3, new byte[6]))
                .isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("0x20000");
        byte[] untouched = new byte[3];
        table.read(2 * K64 - 3, untouched);
        assertThat(untouched).as("nothing is written then").containsOnly(0);
        assertThatThrownBy(() -> table.read(-8, new byte[16])).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> table.clear(0, Long.MAX_VALUE)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void changesByANewVersion() {
        Region far = table.regions().get(2);
        MemoryTable less = table.minus(far);
        assertThat(less.version()).isEqualTo(table.version() + 1);
        assertThat(less.find(far.guestAddress(), 1)).isEqualTo(-1);
        assertThat(table.find(far.guestAddress(), 1))
                .as("the old one stays as it is")
                .isEqualTo(2);
        assertThat(less.plus(far).regions()).isEqualTo(table.regions());
        assertThat(less.next(List.of()).guestEnd()).isZero();
        assertThatThrownBy(() -> less.minus(far)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void refusesRegionsThatOverlap() {
        Region first = table.regions().get(0);
        assertThatThrownBy(() -> table.plus(new Region(K64 - 1, 0, 1, first.mapping(), 0, null, 0)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("overlap");
    }

    @Test
    void refusesARegionThatWrapsOrLeavesItsMapping() {
        var mapping = table.regions().get(0).mapping();
        assertThatThrownBy(() -> new Region(Long.MAX_VALUE - 4, 0, 8, mapping, 0, null, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Region(-8, 0, 8, mapping, 0, null, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Region(0, -4, 8, mapping, 0, null, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Region(0, 0, 8, mapping, K64 - 4, null, 0))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Region(0, 0, 0, mapping, 0, null, 0)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> new Region(0, 0, 8, mapping, -1, null, 0))
                .isInstanceOf(IllegalArgumentException.class);
    }
}
