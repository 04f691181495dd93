package ringfence.vmm.device.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.RamOptions;
import ringfence.virtio.BalloonLayout;
import ringfence.virtio.Feature;
import ringfence.vmm.config.BalloonConfig;
import ringfence.vmm.device.DeviceListener;

/** A balloon and a driver, honest or not. */
@Timeout(60)
class BalloonTest {
    private static final int PAGE = 4096;
    private static final int PAGES = 1024;
    private static final long HIGH = 1L << 32;
    private static final long BUFFER = 0x10_0000;
    private static final long ALL = BalloonLayout.STATS_VQ | BalloonLayout.DEFLATE_ON_OOM | BalloonLayout.REPORTING;

    private final Linux linux = Linux.system();
    private final GuestRam ram = new GuestRam(
            linux,
            List.of(new GuestRam.Range(0, (long) PAGES * PAGE), new GuestRam.Range(HIGH, 4 * PAGE)),
            RamOptions.DEFAULT);
    private final Balloon balloon = new Balloon(
            linux,
            "__balloon",
            BalloonConfig.TABLE.parse("size=1M,deflate_on_oom=on,free_page_reporting=on,statistics=on"),
            ram);
    private final AtomicInteger changes = new AtomicInteger();
    private final List<String> troubles = new CopyOnWriteArrayList<>();
    private final List<DrivenQueue> queues = new ArrayList<>();

    BalloonTest() {
        balloon.listen(new DeviceListener() {
            @Override
            public void configChanged() {
                changes.incrementAndGet();
            }

            @Override
            public void needsReset(String why) {
                troubles.add(why);
            }
        });
        balloon.acknowledge(Feature.VERSION_1 | ALL);
        for (int page = 16; page < PAGES; page++) {
            fill(page, 7);
        }
        fill(1 << 20, 7);
    }

    @AfterEach
    void end() {
        balloon.close();
        queues.forEach(DrivenQueue::close);
        ram.close();
        assertThat(troubles).isEmpty();
    }

    private void fill(long page, int value) {
        byte[] bytes = new byte[PAGE];
        Arrays.fill(bytes, (byte) value);
        ram.table().write(page * PAGE, bytes);
    }

    /** @return 7 as long as nobody has given it back, else 0 */
    private int at(long page) {
        byte[] first = new byte[1];
        ram.table().read(page * PAGE, first);
        return first[0];
    }

    private DrivenQueue queue(int index) {
        DrivenQueue queue = new DrivenQueue(linux, balloon, index, ram.table(), 0x1000L + 0x1000L * queues.size());
        queues.add(queue);
        return queue;
    }

    private void inflate(DrivenQueue queue, int... pages) throws Exception {
        ByteBuffer numbers = ByteBuffer.allocate(4 * pages.length).order(ByteOrder.LITTLE_ENDIAN);
        for (int page : pages) {
            numbers.putInt(page);
        }
        ram.table().write(BUFFER, numbers.array());
        queue.offer(BUFFER, 4 * pages.length, false);
        assertThat(queue.awaitUsed()).isZero();
    }

    @Test
    void pagesThatTheGuestGivesAreGone() throws Exception {
        inflate(queue(BalloonLayout.INFLATE_QUEUE), 500, 501, 502, 602, 601, 600, 700, 1 << 20);
        for (int page : new int[] {500, 501, 502, 600, 601, 602, 700, 1 << 20}) {
            assertThat(at(page)).as("page %d", page).isZero();
        }
        for (int page : new int[] {499, 503, 599, 603, 699, 701}) {
            assertThat(at(page)).as("page %d", page).isEqualTo(7);
        }
        assertThat(balloon.counters()).containsEntry("inflated_bytes", 8L * PAGE);
    }

    /** It may have them back when it likes. */
    @Test
    void pagesThatTheGuestTakesBackCanBeUsed() throws Exception {
        inflate(queue(BalloonLayout.INFLATE_QUEUE), 500);
        inflate(queue(BalloonLayout.DEFLATE_QUEUE), 500);
        fill(500, 7);
        assertThat(at(500)).isEqualTo(7);
    }

    @Test
    void pagesThatAreNoneHarmNobody() throws Exception {
        DrivenQueue queue = queue(BalloonLayout.INFLATE_QUEUE);
        inflate(queue, -1, PAGES, (1 << 20) + 4, (1 << 20) - 1, 500);
        assertThat(at(500)).isZero();
        queue.offer(BUFFER, 3, false);
        assertThat(queue.awaitUsed()).as("less than one number").isZero();
        queue.offer(BUFFER, 8, true);
        assertThat(queue.awaitUsed()).as("nothing to be read").isZero();
        inflate(queue, PAGES - 1, PAGES);
        assertThat(at(PAGES - 1)).as("a page and the next one, which is none").isEqualTo(7);
        assertThat(balloon.counters()).containsEntry("inflated_bytes", (long) PAGE);
    }

    @Test
    void aGuestThatGivesTheRingItselfIsAskedForAReset() throws Exception {
        DrivenQueue queue = queue(BalloonLayout.INFLATE_QUEUE);
        ram.table().write(BUFFER, new byte[] {1, 0, 0, 0}); // the page where it is
        queue.offer(BUFFER, 4, false);
        while (troubles.isEmpty()) {
            Thread.sleep(1);
        }
        assertThat(troubles).singleElement().asString().contains("__balloon: queue 0");
        troubles.clear();
        inflate(queue(BalloonLayout.DEFLATE_QUEUE), 500); // the others go on
    }

    /** Linux 6.1 counts queues without those of features that were not taken up. */
    @ParameterizedTest
    @CsvSource({"true,3", "true,4", "false,2", "false,3", "false,4"})
    void pagesThatTheGuestReportsAsFreeAreGone(boolean statistics, int index) throws Exception {
        balloon.acknowledge(Feature.VERSION_1 | BalloonLayout.REPORTING | (statistics ? BalloonLayout.STATS_VQ : 0));
        DrivenQueue queue = queue(index);
        queue.offer(512L * PAGE, 64 * PAGE, true);
        assertThat(queue.awaitUsed()).isZero();
        assertThat(at(511)).isEqualTo(7);
        assertThat(at(512)).isZero();
        assertThat(at(575)).isZero();
        assertThat(at(576)).isEqualTo(7);
        assertThat(balloon.counters()).containsEntry("reported_bytes", 64L * PAGE);
    }

    @Test
    void whatIsNotOfferedHasNoQueue() {
        for (String[] of : new String[][] {
            {"size=0", "2", "0"},
            {"size=0,deflate_on_oom=on", "2", "4"},
            {"size=0,statistics=on", "3", "2"},
            {"size=0,free_page_reporting=on", "5", "32"}
        }) {
            try (Balloon other = new Balloon(linux, "__balloon", BalloonConfig.TABLE.parse(of[0]), ram)) {
                assertThat(other.queueCount()).as(of[0]).isEqualTo(Integer.parseInt(of[1]));
                assertThat(other.deviceFeatures()).as(of[0]).isEqualTo(Long.parseLong(of[2]));
            }
        }
    }

    @Test
    void theGuestReadsWhatIsWantedAndTellsWhatThereIs() {
        assertThat(balloon.readConfig(BalloonLayout.NUM_PAGES, 4)).isEqualTo(256);
        balloon.resize(5 * PAGE + 1);
        assertThat(changes.get()).isEqualTo(1);
        balloon.writeConfig(BalloonLayout.NUM_PAGES, 4, 77);
        balloon.writeConfig(BalloonLayout.ACTUAL, 2, 77);
        assertThat(balloon.size()).isZero();
        balloon.writeConfig(BalloonLayout.ACTUAL, 4, 3);
        assertThat(balloon.readConfig(BalloonLayout.NUM_PAGES, 8)).isEqualTo(5 | 3L << 32);
        assertThat(balloon.readConfig(2, 4)).isEqualTo(3 << 16);
        assertThat(balloon.readConfig(6, 8)).as("the other fields").isZero();
        assertThat(balloon.counters())
                .containsEntry("target_bytes", 5L * PAGE)
                .containsEntry("actual_bytes", 3L * PAGE);
        balloon.writeConfig(BalloonLayout.ACTUAL, 4, -1);
        assertThat(balloon.size()).as("more than it has").isEqualTo((PAGES + 4L) * PAGE);
    }

    @Test
    void aResetMakesItEmpty() throws Exception {
        inflate(queue(BalloonLayout.INFLATE_QUEUE), 500);
        balloon.writeConfig(BalloonLayout.ACTUAL, 4, 1);
        balloon.reset().toCompletableFuture().join();
        assertThat(balloon.size()).isZero();
        assertThat(balloon.readConfig(BalloonLayout.NUM_PAGES, 4)).isEqualTo(256);
    }

    private void tell(DrivenQueue queue, long free) {
        ByteBuffer stats = ByteBuffer.allocate(5 * BalloonLayout.STAT + 3).order(ByteOrder.LITTLE_ENDIAN);
        stats.putShort((short) 4).putLong(free);
        stats.putShort((short) 10).putLong(2);
        stats.putShort((short) 16).putLong(99); // nobody knows it
        stats.putShort((short) 0xFFFF).putLong(99);
        stats.putShort((short) 5).putLong(1 << 30);
        ram.table().write(BUFFER, stats.array());
        queue.offer(BUFFER, stats.capacity(), false);
    }

    /** What waits in the ring is old: it is told anew before it is believed. */
    @Test
    void theGuestIsAskedWhenSomebodyWantsToKnowAndNotBefore() throws Exception {
        DrivenQueue queue = queue(BalloonLayout.STATS_QUEUE);
        tell(queue, 1000);
        Thread.sleep(50);
        assertThat(queue.hasUsed()).isFalse();
        assertThat(balloon.counters()).doesNotContainKey("free_memory");
        queue.awaitUsed();
        tell(queue, 2000);
        queue.awaitUsed();
        tell(queue, 3000);
        Map<String, Long> counters = balloon.counters();
        assertThat(counters)
                .containsEntry("free_memory", 2000L)
                .containsEntry("oom_kills", 2L)
                .containsEntry("total_memory", 1L << 30)
                .doesNotContainValue(99L);
        assertThat(counters.get("statistics_age_us")).isBetween(0L, 60_000_000L);
        Thread.sleep(50);
        assertThat(queue.hasUsed()).as("within a second").isFalse();
        Thread.sleep(1000);
        balloon.counters();
        queue.awaitUsed();
    }

    @Test
    void aNewDriverHasToldNothing() throws Exception {
        DrivenQueue queue = queue(BalloonLayout.STATS_QUEUE);
        tell(queue, 1000);
        balloon.counters();
        queue.awaitUsed();
        tell(queue, 2000);
        queue.awaitUsed();
        balloon.reset().toCompletableFuture().join();
        assertThat(balloon.counters()).doesNotContainKey("free_memory");
    }
}
