package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Linux;
import ringfence.virtio.BlkLayout;

/**
 * Pages are taken out of a guest's memory while a disk's daemon reads and writes there, which no seal forbids: what is found
 * in their place is zeroes, and the daemon lives.
 */
@Timeout(300)
class PunchedMemoryTest {
    private static final int ROUNDS = Integer.getInteger("ringfence.memory.rounds", 500);
    private static final long PATIENCE = 30_000_000_000L;
    private static final int SLOTS = 32;
    private static final int SECTORS = KillGuest.BLOCK / BlkLayout.SECTOR;
    private static final long STORED = 0x1111_0000_0000_0000L;
    private static final long WRITTEN = 0x2222_0000_0000_0000L;
    private static final long BEFORE = 0x3333_0000_0000_0000L;

    private final Linux linux = Linux.system();
    private final long seed = Long.getLong("ringfence.seed", System.nanoTime());
    private final SplittableRandom random = new SplittableRandom(seed);

    @TempDir
    Path folder;

    private Path image;

    /** Block by block, as many as there are slots. */
    @BeforeEach
    void anImage() throws IOException {
        image = Files.createTempFile(Path.of("/var/tmp"), "ringfence-punch", ".img");
        ByteBuffer content = ByteBuffer.allocate(SLOTS * KillGuest.BLOCK).order(ByteOrder.LITTLE_ENDIAN);
        while (content.hasRemaining()) {
            content.putLong(STORED | content.position() / KillGuest.BLOCK);
        }
        Files.write(image, content.array());
    }

    @AfterEach
    void itGoes() throws IOException {
        Files.delete(image);
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whatIsFoundInAHoleIsZeroesAndTheDaemonLives(boolean direct) throws Exception {
        String socket = folder.resolve("s").toString();
        List<String> command = new ArrayList<>(DaemonCommand.program());
        command.addAll(List.of("--socket-path=" + socket, "--blk-file=" + image));
        if (direct) {
            command.add("--direct");
        }
        Process daemon = new ProcessBuilder(command).inheritIO().start();
        try {
            long holes = 0;
            try (KillGuest guest = new KillGuest(linux, SLOTS)) {
                guest.connect(socket, PATIENCE);
                for (int round = 0; round < ROUNDS; round++) {
                    holes += dataIsPunched(guest);
                }
                for (int slot = 0; slot < SLOTS; slot += 2) {
                    assertThat(stored(slot)).as("what is only read").containsOnly(STORED | slot);
                }
                allIsPunched(guest);
            }
            assertThat(daemon.isAlive()).as("seed %d", seed).isTrue();
            onlyWhatIsTheGuests();
            try (KillGuest next = new KillGuest(linux, SLOTS)) {
                next.connect(socket, PATIENCE);
                assertThat(next.request(BlkLayout.T_IN, 0, PATIENCE)).isEqualTo(BlkLayout.S_OK);
            }
            System.out.printf("counted: %d holes under requests, seed %d%n", holes, seed);
        } finally {
            daemon.destroyForcibly().waitFor();
        }
    }

    /** Of slots and blocks of the same number the even ones are read, the odd ones written. */
    private static boolean isRead(int slot) {
        return slot % 2 == 0;
    }

    private static void offer(KillGuest guest, int slot) {
        for (int i = 0; i < KillGuest.BLOCK; i += 8) {
            guest.ram().set(ValueLayout.JAVA_LONG, KillGuest.data(slot) + i, (isRead(slot) ? BEFORE : WRITTEN) | slot);
        }
        guest.offer(slot, isRead(slot) ? BlkLayout.T_IN : BlkLayout.T_OUT, (long) slot * SECTORS);
    }

    /** @return how many holes were made meanwhile */
    private long dataIsPunched(KillGuest guest) throws IOException {
        for (int slot = 0; slot < SLOTS; slot++) {
            offer(guest, slot);
        }
        guest.publish();
        long holes = 0;
        long deadline = System.nanoTime() + PATIENCE;
        for (int ended = 0; ended < SLOTS; ) {
            int first = random.nextInt(SLOTS);
            guest.punch(KillGuest.data(first), (long) random.nextInt(1, SLOTS - first + 1) * KillGuest.BLOCK);
            holes++;
            for (int slot = guest.reap(); slot >= 0; slot = guest.reap()) {
                assertThat(guest.status(slot))
                        .as("slot %d, seed %d", slot, seed)
                        .isEqualTo(BlkLayout.S_OK);
                ended++;
            }
            assertThat(System.nanoTime()).as("%d ended, seed %d", ended, seed).isLessThan(deadline);
        }
        for (int slot = 0; slot < SLOTS; slot++) {
            long expected = isRead(slot) ? STORED | slot : WRITTEN | slot;
            long[] found = isRead(slot) ? inMemory(guest, slot) : stored(slot);
            assertThat(Arrays.stream(found).distinct().boxed())
                    .as("block %d, seed %d", slot, seed)
                    .isSubsetOf(0L, expected);
        }
        return holes;
    }

    private static long[] inMemory(KillGuest guest, int slot) {
        return guest.ram().asSlice(KillGuest.data(slot), KillGuest.BLOCK).toArray(ValueLayout.JAVA_LONG);
    }

    private long[] stored(int block) throws IOException {
        long[] words = new long[KillGuest.BLOCK / 8];
        ByteBuffer.wrap(Files.readAllBytes(image))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asLongBuffer()
                .get(block * words.length, words);
        return words;
    }

    /** Rings and headers, too: that is the end of this guest's work, and of nothing else. */
    private void allIsPunched(KillGuest guest) {
        for (int slot = 0; slot < SLOTS; slot++) {
            offer(guest, slot);
        }
        guest.publish();
        long until = System.nanoTime() + random.nextLong(1_000_000);
        while (System.nanoTime() < until) {
            Thread.onSpinWait();
        }
        for (int i = 0; i < 100; i++) {
            guest.punch(0, guest.ram().byteSize());
            guest.kick();
        }
    }

    /** A header that is taken away while it is read may name another block; what is written there is what the guest has. */
    private void onlyWhatIsTheGuests() throws IOException {
        for (int block = 0; block < SLOTS; block++) {
            assertThat(LongStream.of(stored(block)))
                    .as("block %d, seed %d", block, seed)
                    .allMatch(PunchedMemoryTest::isTheGuests);
        }
    }

    private static boolean isTheGuests(long word) {
        long mark = word & 0xFFFF_0000_0000_0000L;
        return word == 0 || (mark == STORED || mark == WRITTEN || mark == BEFORE) && (word & ~mark) < SLOTS;
    }
}
