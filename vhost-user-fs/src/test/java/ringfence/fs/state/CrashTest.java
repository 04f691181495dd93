package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.fs.state.TestState.DEVICE;
import static ringfence.fs.state.TestState.DIRECTORY;
import static ringfence.fs.state.TestState.FILE;
import static ringfence.fs.state.TestState.text;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * SIGKILL between any two stores: what a successor finds is the state before the transaction or the state after it,
 * replies included, and from some store on it is the state after.
 */
class CrashTest {
    private static final int OPCODE = 35;
    private static final long UNIQUE = 1000;

    private final Linux linux = Linux.system();
    private int directory;
    private int file;
    private int handle;
    private int locked;
    private int lockedHandle;
    private NodeTable nodes;

    private interface Body {
        void run(CrashTest test, Transaction transaction);
    }

    static Stream<String> transactions() {
        return bodies().keySet().stream();
    }

    private static Map<String, Body> bodies() {
        Map<String, Body> bodies = new LinkedHashMap<>();
        bodies.put("look up a new node", (t, x) -> TestState.add(x, 77, FILE, t.directory, "long ".repeat(50)));
        bodies.put("look up an inode used again", (t, x) -> TestState.add(x, 11, FILE, t.directory, "f"));
        bodies.put("look up a known node", (t, x) -> x.lookedUp(t.file, 3));
        bodies.put("forget some", (t, x) -> x.forget(t.file, 1));
        bodies.put("forget all, with the parent", (t, x) -> {
            x.forget(t.directory, 1);
            x.release(t.handle);
            x.forget(t.file, 9);
        });
        bodies.put("rename", (t, x) -> x.moved(t.file, NodeTable.ROOT, text("n".repeat(255)), 0, 255));
        bodies.put("move round", (t, x) -> x.moved(t.directory, t.file, text("m"), 0, 1));
        bodies.put("rebind", (t, x) -> x.rebind(t.file, DEVICE, 123, TestState.fileHandle("another")));
        bodies.put("open", (t, x) -> x.open(t.file, 0x8002, false));
        bodies.put("release", (t, x) -> x.release(t.handle));
        bodies.put("lock", (t, x) -> x.lock(t.locked, 2, false, 0, 9, LockTable.READ, 7));
        bodies.put("lock by flock", (t, x) -> x.lock(t.locked, 3, true, 0, LockTable.END, LockTable.WRITE, 7));
        bodies.put("split a lock", (t, x) -> x.lock(t.locked, 1, false, 130, 139, LockTable.UNLOCK, 7));
        bodies.put("merge locks", (t, x) -> x.lock(t.locked, 1, false, 150, 320, LockTable.WRITE, 8));
        bodies.put("change the middle of a lock", (t, x) -> x.lock(t.locked, 1, false, 130, 139, LockTable.READ, 7));
        bodies.put("unlock", (t, x) -> x.unlock(t.nodes.id(t.locked), 1, false));
        bodies.put("release a locked file", (t, x) -> x.release(t.lockedHandle));
        bodies.put("create", (t, x) -> {
            int created = TestState.add(x, 78, FILE, t.directory, "created");
            x.open(created, 2, false);
        });
        bodies.put("read a directory", (t, x) -> {
            for (int i = 0; i < 5; i++) {
                TestState.add(x, 80 + i, FILE, t.directory, "entry" + i);
            }
            x.lookedUp(t.file, 1);
        });
        bodies.put("one of everything", (t, x) -> {
            int made = TestState.add(x, 90, DIRECTORY, t.directory, "d2");
            x.moved(t.file, made, text("f2"), 0, 2);
            x.forget(t.directory, 1);
            x.release(t.handle);
            x.open(made, 1, true);
        });
        return bodies;
    }

    private TestState prepare() {
        TestState test = TestState.create(linux, TestState.SMALL);
        test.state.beginSession(38, 0xFF, 1 << 20);
        directory = test.add(10, DIRECTORY, NodeTable.ROOT, "directory");
        file = test.add(11, DIRECTORY, directory, "file");
        handle = test.open(file);
        locked = test.add(12, FILE, NodeTable.ROOT, "locked");
        lockedHandle = test.open(locked);
        test.lock(locked, 1, false, 100, 199, LockTable.WRITE);
        test.lock(locked, 1, false, 300, LockTable.END, LockTable.WRITE);
        nodes = test.state.nodes();
        for (long unique = 10; unique < 20; unique += 2) {
            test.state.log(1).intend(unique, OPCODE, unique, 2, 3, 4);
            done(test, unique);
        }
        return test;
    }

    private static void done(TestState test, long unique) {
        try (Transaction transaction = test.state.begin(1)) {
            transaction.done(unique, OPCODE, text("reply " + unique), ("reply " + unique).length());
            transaction.commit();
        }
    }

    /** Queue 1's request: intended or not, the transaction, its reply. */
    private void run(TestState test, Body body) {
        try (Transaction transaction = test.state.begin(1)) {
            body.run(this, transaction);
            transaction.done(UNIQUE, OPCODE, text("the reply"), 9);
            transaction.commit();
        }
    }

    /** With what the log knows: of the last three, since the fourth makes room for the new one. */
    private String seen(TestState test) {
        return test.picture() + "\n" + test.past(1, UNIQUE, OPCODE) + test.past(1, 18, OPCODE)
                + test.past(1, 16, OPCODE) + test.past(1, 14, OPCODE);
    }

    private String seenBySuccessor(TestState test) {
        try (TestState successor = TestState.adopt(linux, test.copyOfFile())) {
            assertThat(successor.state.dropped()).isZero();
            return seen(successor);
        }
    }

    @ParameterizedTest
    @MethodSource("transactions")
    void killedAtEachStore(String name) {
        Body body = bodies().get(name);
        String before;
        String after;
        long stores;
        try (TestState test = prepare()) {
            before = seenBySuccessor(test);
            assertThat(seen(test)).isEqualTo(before);
            test.kill.after(Long.MAX_VALUE);
            run(test, body);
            stores = test.kill.stores();
            after = seenBySuccessor(test);
            assertThat(seen(test)).isEqualTo(after);
        }
        assertThat(after).isNotEqualTo(before).contains("DONE the reply");
        int happened = 0;
        for (long n = 0; n < stores; n++) {
            try (TestState test = prepare()) {
                killed(test, n, body);
                String now = seenBySuccessor(test);
                assertThat(now).as("after store %d of %d", n, stores).isIn(before, after);
                assertThat(happened == 0 || now.equals(after)).isTrue();
                happened += now.equals(after) ? 1 : 0;
            }
        }
        // the store that commits is the last
        assertThat(happened).isZero();
    }

    private void killed(TestState test, long n, Body body) {
        test.kill.after(n);
        boolean killed = false;
        try {
            run(test, body);
        } catch (Kill.Killed _) {
            killed = true;
        }
        assertThat(killed).isTrue();
    }

    /** The successor is killed, too, at each of its stores, and its own successor. */
    @Test
    void killedAgainWhileRecovering() {
        Body body = bodies().get("one of everything");
        String before;
        long stores;
        try (TestState test = prepare()) {
            before = seenBySuccessor(test);
            test.kill.after(Long.MAX_VALUE);
            run(test, body);
            stores = test.kill.stores();
        }
        for (long n = stores / 2; n < stores; n += 7) {
            try (TestState test = prepare();
                    Fd file = killedFile(test, n, body)) {
                for (long m = 0; ; m += 3) {
                    try (TestState successor = TestState.adopt(linux, file.duplicate(), m)) {
                        assertThat(seen(successor)).isEqualTo(before);
                        break;
                    } catch (Kill.Killed _) {
                        assertThat(m).isLessThan(10_000);
                    }
                }
            }
        }
    }

    private Fd killedFile(TestState test, long n, Body body) {
        killed(test, n, body);
        return test.copyOfFile();
    }

    /** An intent is there whole, or not; what the log knew before stays, but for the oldest. */
    @Test
    void killedWhileIntending() {
        for (long n = 0; ; n++) {
            try (TestState test = prepare()) {
                test.kill.after(n);
                boolean killed = false;
                try {
                    test.state.log(1).intend(UNIQUE, OPCODE, -1, 2, Long.MAX_VALUE, 4);
                } catch (Kill.Killed _) {
                    killed = true;
                }
                try (TestState successor = TestState.adopt(linux, test.copyOfFile())) {
                    String past = successor.past(1, UNIQUE, OPCODE);
                    assertThat(past).isEqualTo(killed ? "NEW" : "BEGUN -1 2 9223372036854775807 4");
                    for (long unique = 14; unique < 20; unique += 2) {
                        assertThat(successor.past(1, unique, OPCODE)).isEqualTo("DONE reply " + unique);
                    }
                }
                if (!killed) {
                    assertThat(n).isGreaterThan(8);
                    return;
                }
            }
        }
    }

    /** A request that was intended is BEGUN until its transaction is committed, with the facts of its intent. */
    @Test
    void killedBetweenIntentAndReply() {
        Body body = bodies().get("create");
        for (long n = 0; ; n++) {
            try (TestState test = prepare()) {
                test.state.log(1).intend(UNIQUE, OPCODE, 5, 6, 7, 8);
                test.kill.after(n);
                boolean killed = false;
                try {
                    run(test, body);
                } catch (Kill.Killed _) {
                    killed = true;
                }
                try (TestState successor = TestState.adopt(linux, test.copyOfFile())) {
                    assertThat(successor.past(1, UNIQUE, OPCODE))
                            .isEqualTo(killed ? "BEGUN 5 6 7 8" : "DONE the reply");
                    assertThat(successor.nodes()).hasSize(killed ? 4 : 5);
                }
                if (!killed) {
                    return;
                }
            }
        }
    }

    /** INIT and DESTROY: one session or the other. */
    @Test
    void killedWhileASessionBegins() {
        String before;
        String after;
        try (TestState test = prepare()) {
            before = seenBySuccessor(test);
            test.state.beginSession(31, 5, 8192);
            after = seenBySuccessor(test);
            assertThat(after).contains("Session[number=3, begun=true, minor=31, flags=5, maxWrite=8192] 1 0");
        }
        for (long n = 0; ; n++) {
            try (TestState test = prepare()) {
                test.kill.after(n);
                boolean killed = false;
                try {
                    test.state.beginSession(31, 5, 8192);
                } catch (Kill.Killed _) {
                    killed = true;
                }
                assertThat(seenBySuccessor(test)).isEqualTo(killed ? before : after);
                if (!killed) {
                    return;
                }
            }
        }
    }

    /** A state that is loaded is there whole, or there is an empty one, or still the old one. */
    @Test
    void killedWhileLoading() {
        byte[] saved;
        String before;
        String after;
        try (TestState test = prepare()) {
            saved = test.save();
            test.add(55, FILE, NodeTable.ROOT, "after it was saved");
            before = seenBySuccessor(test);
            test.load(saved);
            after = seenBySuccessor(test);
        }
        for (long n = 0; ; n++) {
            try (TestState test = prepare()) {
                test.add(55, FILE, NodeTable.ROOT, "after it was saved");
                test.kill.after(n);
                boolean killed = false;
                try {
                    test.load(saved);
                } catch (Kill.Killed _) {
                    killed = true;
                }
                String now = seenBySuccessor(test);
                boolean empty = now.contains("begun=false, minor=0, flags=0, maxWrite=0] 1 0");
                assertThat(now.equals(before) || empty || now.equals(after))
                        .as(now)
                        .isTrue();
                if (!killed) {
                    assertThat(now).isEqualTo(after);
                    return;
                }
            }
        }
    }
}
