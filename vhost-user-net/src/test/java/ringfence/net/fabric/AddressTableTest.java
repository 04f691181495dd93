package ringfence.net.fabric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class AddressTableTest {
    private static final long ADDRESS = 0x5254_0000_0001L;
    private static final int PORTS = 4;

    private final AddressTable table = new AddressTable(PORTS, 4711);

    @Test
    void theLastPortHasAnAddress() {
        assertThat(table.find(ADDRESS, 0)).isEqualTo(AddressTable.NOWHERE);
        assertThat(table.learn(ADDRESS, 0, 0)).isTrue();
        assertThat(table.find(ADDRESS, 1)).isZero();
        assertThat(table.learn(ADDRESS, 3, 2)).isTrue();
        assertThat(table.find(ADDRESS, 2)).isEqualTo(3);
        assertThat(table.count(0)).isZero();
        assertThat(table.count(3)).isOne();
    }

    @Test
    void whatIsNotSeenAgainIsForgotten() {
        table.learn(ADDRESS, 1, 0);
        assertThat(table.find(ADDRESS, AddressTable.AGE_SECONDS)).isOne();
        assertThat(table.find(ADDRESS, AddressTable.AGE_SECONDS + 1)).isEqualTo(AddressTable.NOWHERE);
        table.learn(ADDRESS, 1, 200);
        assertThat(table.find(ADDRESS, 500)).isOne();
        table.forget(1);
        assertThat(table.find(ADDRESS, 201)).isEqualTo(AddressTable.NOWHERE);
        assertThat(table.count(1)).isZero();
    }

    /** A guest that makes addresses up fills its own share and nothing else. */
    @Test
    void aPortHasAQuota() {
        Random random = new Random(1);
        for (int i = 0; i < 200_000; i++) {
            table.learn(random.nextLong(1L << 40) | 2L << 40, 0, i / 10_000);
        }
        assertThat(table.count(0)).isBetween(table.quota() / 2, table.quota());
        int learned = 0;
        for (int i = 0; i < table.quota(); i++) {
            learned += table.learn(ADDRESS + i, 1, 20) ? 1 : 0;
        }
        assertThat(learned).isGreaterThan(table.quota() * 99 / 100);
    }

    @Test
    void oldOnesMakeRoom() {
        for (int i = 0; i < table.quota(); i++) {
            table.learn(ADDRESS + i, 0, 0);
        }
        int later = AddressTable.AGE_SECONDS + 1;
        int learned = 0;
        for (int i = 0; i < 100; i++) {
            learned += table.learn(ADDRESS + 100_000 + i, 0, later) ? 1 : 0;
        }
        assertThat(learned).isGreaterThan(95);
    }

    @Test
    void whatIsFixedStays() {
        assertThat(table.fix(ADDRESS, 2)).isTrue();
        assertThat(table.learn(ADDRESS, 0, 5)).isFalse();
        assertThat(table.learn(ADDRESS, 2, 5)).isTrue();
        table.forget(2);
        assertThat(table.find(ADDRESS, 1_000_000)).isEqualTo(2);
    }

    /** Threads that learn the same addresses at different ports: each is somewhere, and the counts are right in the end. */
    @Test
    void racesLoseNothing() throws Exception {
        Thread[] threads = new Thread[PORTS];
        for (int port = 0; port < PORTS; port++) {
            int mine = port;
            threads[port] = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 400_000; i++) {
                    table.learn(ADDRESS + i % 50, mine, 0);
                }
            });
        }
        for (Thread thread : threads) {
            thread.join();
        }
        int known = 0;
        for (int port = 0; port < PORTS; port++) {
            known += table.count(port);
        }
        assertThat(known).isBetween(50, 50 + PORTS * PORTS); // two may have put the same one into two places
        for (int i = 0; i < 50; i++) {
            assertThat(table.find(ADDRESS + i, 0)).isBetween(0, PORTS - 1);
        }
        for (int port = 0; port < PORTS; port++) {
            table.forget(port);
            assertThat(table.count(port)).isZero();
        }
    }
}
