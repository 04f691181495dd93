package ringfence.fs.share;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.fs.share.TestFolder.ROOT;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.state.NodeTable;

/** A BATCH_FORGET of any length takes off each count once, wherever daemons die in it, one after the other. */
class ForgetDeathTest {
    private static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    private static final int FILES = 40;
    private static final int LOOKUPS = 60;

    private final SplittableRandom random = new SplittableRandom(20261128);
    /** Lookups that are left, by node. */
    private final Map<Long, Long> model = new LinkedHashMap<>();

    private void furnish(TestFolder folder) throws IOException {
        for (int i = 0; i < FILES; i++) {
            Files.createFile(folder.path.resolve("f" + i));
            for (int k = 0; k < LOOKUPS; k++) {
                long node = folder.guest.found(ROOT, "f" + i);
                model.merge(node, 1L, Long::sum);
            }
        }
    }

    /** A list of so many, of which some take off more than there is. */
    private byte[] list(int count) {
        List<Long> nodes = new ArrayList<>(model.keySet());
        ByteBuffer list = ByteBuffer.allocate(count * 16).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < count; i++) {
            long node = nodes.get(random.nextInt(nodes.size()));
            long lookups = 1L + random.nextInt(3);
            list.putLong(node).putLong(lookups);
            model.merge(node, -lookups, (left, less) -> Math.max(0, left + less));
        }
        return list.array();
    }

    private static void ask(TestGuest guest, byte[] list) {
        guest.begin(Opcode.BATCH_FORGET, 0)
                .int32(InLayout.BATCH_COUNT, list.length / 16)
                .upTo(InLayout.BATCH_FIRST)
                .bytes(list);
    }

    private void check(TestFolder folder) {
        NodeTable nodes = folder.state.nodes();
        model.forEach((node, left) -> {
            int slot = nodes.slot(node);
            assertThat(slot == NodeTable.NONE ? 0 : nodes.lookups(slot)).isEqualTo(left);
        });
        assertThat(nodes.count())
                .isEqualTo(1
                        + (int) model.values().stream().filter(left -> left > 0).count());
    }

    private static void dieAfter(TestFolder folder, int points) {
        int[] left = {points};
        folder.crash((_, _) -> {
            if (left[0]-- == 0) {
                throw new Killed();
            }
        });
    }

    @Test
    void eachCountIsTakenOffOnce() throws IOException {
        int deaths = 0;
        for (int first = 0; ; first++) {
            model.clear();
            try (TestFolder folder = new TestFolder()) {
                furnish(folder);
                ask(folder.guest, list(1000));
                dieAfter(folder, first);
                try {
                    folder.guest.sendSilently();
                    check(folder);
                    break; // so many points it has
                } catch (Killed _) {
                    deaths += finish(folder, first);
                }
                check(folder);
            }
        }
        assertThat(deaths)
                .as("16 parts, each decided and committed, many of them twice")
                .isGreaterThan(40);
    }

    /** With one more death a little later. @return deaths so far */
    private static int finish(TestFolder folder, int first) {
        folder.restart();
        if (folder.guest.isAnswered()) {
            folder.guest.late();
            return 1;
        }
        dieAfter(folder, 1 + first % 5);
        try {
            folder.guest.replay();
            return 1;
        } catch (Killed _) {
            folder.restart();
            if (folder.guest.isAnswered()) {
                folder.guest.late();
            } else {
                folder.guest.replay();
            }
            return 2;
        }
    }

    /** More than any other request may be. */
    @Test
    void thereIsNoBoundButTheQueues() throws IOException {
        try (TestFolder folder = new TestFolder()) {
            furnish(folder);
            byte[] list = list(9000);
            ask(folder.guest, list);
            folder.guest.sendSilently();
            check(folder);
            ask(folder.guest, new byte[0]);
            folder.guest.sendSilently();
            check(folder);
        }
    }
}
