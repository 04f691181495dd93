package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;

/** A process that works on a state is killed with SIGKILL, time and again; each successor goes on where it stopped. */
class KilledProcessTest {
    private static final int KILLS = 5;
    private static final int OPCODE = 35;

    private final Linux linux = Linux.system();

    @Test
    void eachSuccessorFindsAWholeState() throws Exception {
        SplittableRandom random = new SplittableRandom();
        long last = 0;
        try (TestState keeper = TestState.create(linux, TestState.SMALL)) {
            for (int i = 0; i < KILLS; i++) {
                Process process = start(keeper.state.file().number());
                try (BufferedReader ready = process.inputReader()) {
                    assertThat(ready.readLine()).isEqualTo("at work");
                    Thread.sleep(random.nextInt(300));
                } finally {
                    process.destroyForcibly().waitFor();
                }
                long now = check(keeper);
                assertThat(now).isGreaterThan(last);
                last = now;
            }
        }
    }

    private static Process start(int file) throws IOException {
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-XX:+UseSerialGC",
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        KilledProcessTest.class.getName(),
                        "/proc/" + ProcessHandle.current().pid() + "/fd/" + file)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }

    /** One node, and the reply that made it; perhaps the next request was intended. */
    private long check(TestState keeper) {
        try (TestState successor = TestState.adopt(linux, keeper.copyOfFile())) {
            assertThat(successor.state.dropped()).isZero();
            assertThat(successor.nodes()).hasSize(2);
            int slot = successor.nodes().getLast();
            NodeTable nodes = successor.state.nodes();
            long turn = nodes.inode(slot);
            assertThat(successor.name(slot)).isEqualTo("name" + turn);
            assertThat(nodes.find(TestState.DEVICE, turn)).isEqualTo(slot);
            assertThat(nodes.lookups(slot)).isEqualTo(1);
            assertThat(nodes.references(slot)).isEqualTo(1);
            assertThat(successor.state.handles().count()).isEqualTo(1);
            assertThat(successor.past(0, turn, OPCODE)).isEqualTo("DONE reply" + turn);
            assertThat(successor.past(0, turn + 1, OPCODE)).isIn("NEW", "BEGUN " + turn + " 2 3 4");
            return turn;
        }
    }

    /** The process that is killed: replaces its only node with another, and its handle, one after the other. */
    public static void main(String[] arguments) {
        Linux linux = Linux.system();
        TestState test = TestState.adopt(linux, linux.files().open(arguments[0], OpenFlag.RDWR));
        int[] slots = {NodeTable.NONE, HandleTable.NONE};
        test.state.nodes().forEach(slot -> slots[0] = slot);
        test.state.handles().forEach(slot -> slots[1] = slot);
        boolean told = false;
        for (long turn = test.state.nodes().inode(slots[0]) + 1; ; turn++) {
            test.state.log(0).intend(turn, OPCODE, turn - 1, 2, 3, 4);
            try (Transaction transaction = test.state.begin(0)) {
                transaction.release(slots[1]);
                transaction.forget(slots[0], 1);
                slots[0] = TestState.add(transaction, turn, TestState.FILE, NodeTable.ROOT, "name" + turn);
                slots[1] = transaction.open(slots[0], 0, false);
                String reply = "reply" + turn;
                transaction.done(turn, OPCODE, TestState.text(reply), reply.length());
                transaction.commit();
            }
            if (!told) {
                System.out.println("at work");
                told = true;
            }
        }
    }
}
