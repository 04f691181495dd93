package ringfence.fs.share;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.fs.share.TestFolder.ROOT;
import static ringfence.fs.share.TestGuest.RDWR;

import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.LockTable;

/**
 * A daemon dies at each labelled point of a request about locks, while owner 1 holds one and owner 2 waits for it. Its successor
 * gets both requests again, and all is as if nobody had died: what is held, on the host too, and who waits.
 */
class LockDeathTest {
    private static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    private enum Change {
        TAKE,
        SPLIT,
        UNLOCK,
        CONVERT_FLOCK,
        FLUSH,
        RELEASE;

        TestGuest ask(TestGuest guest, Known known) {
            return switch (this) {
                case TAKE -> lock(guest, known, 3, 50, 59, LockTable.READ);
                case SPLIT -> lock(guest, known, 1, 4, 5, LockTable.READ);
                case UNLOCK -> lock(guest, known, 1, 0, 9, LockTable.UNLOCK);
                case CONVERT_FLOCK -> guest.flock(Opcode.SETLK, known.node, known.handle, 1, LockTable.READ);
                case FLUSH -> guest.flush(known.node, known.handle, 1);
                case RELEASE ->
                    guest.begin(Opcode.RELEASE, known.node)
                            .int64(InLayout.FH, known.other)
                            .int32(InLayout.RELEASE_FLAGS, FuseFlags.RELEASE_FLOCK_UNLOCK)
                            .int64(InLayout.RELEASE_OWNER, 1);
            };
        }
    }

    private record Known(long node, long handle, long other, int waiting) {}

    private static TestGuest lock(TestGuest guest, Known known, long owner, long start, long end, int type) {
        return guest.lock(Opcode.SETLK, known.node, known.handle, owner, start, end, type);
    }

    private static Known furnish(TestFolder folder) {
        TestGuest guest = folder.guest;
        guest.init(LocksTest.FLAGS);
        assertThat(guest.create(ROOT, "f", RDWR).send()).isZero();
        long node = guest.node();
        Known known = new Known(node, guest.answer(OutLayout.ENTRY), guest.open(node, RDWR), 0);
        assertThat(lock(guest, known, 1, 0, 9, LockTable.WRITE).send()).isZero();
        assertThat(guest.flock(Opcode.SETLK, node, known.handle, 1, LockTable.WRITE)
                        .send())
                .isZero();
        guest.slot(1);
        int head = guest.lock(Opcode.SETLKW, node, known.handle, 2, 8, 8, LockTable.WRITE)
                .sendLater();
        guest.slot(0);
        return new Known(node, known.handle, known.other, head);
    }

    /** What is noted, who waits, and what the host says of each byte to somebody else. */
    private static List<String> everything(TestFolder folder, Known known) {
        List<String> all = new ArrayList<>();
        LockTable locks = folder.state.locks();
        TreeSet<String> noted = new TreeSet<>();
        locks.forEach(slot -> noted.add(locks.owner(slot) + " " + locks.isFlock(slot) + " " + locks.start(slot) + "-"
                + locks.end(slot) + " " + locks.type(slot)));
        all.addAll(noted);
        all.add(folder.engine.inFlight() + " wait, files " + folder.tree.locks().count() + ", handles "
                + folder.state.handles().count());
        for (int at = 0; at < 60; at++) {
            folder.guest
                    .lock(Opcode.GETLK, known.node, known.handle, 9, at, at, LockTable.WRITE)
                    .send();
            all.add(at + ": " + folder.guest.answer32(OutLayout.LK_TYPE) + " by "
                    + folder.guest.answer32(OutLayout.LK_PID));
        }
        all.add("flock "
                + folder.guest
                        .flock(Opcode.SETLK, known.node, known.handle, 9, LockTable.READ)
                        .send());
        return all;
    }

    static List<Arguments> all() {
        List<Arguments> all = new ArrayList<>();
        for (Change change : Change.values()) {
            for (CrashPoints.At at : CrashPoints.At.values()) {
                all.add(Arguments.of(change, at));
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("all")
    void nobodyNoticesADeath(Change change, CrashPoints.At at) {
        try (TestFolder calm = new TestFolder(LocksTest.LOCKS, 100);
                TestFolder struck = new TestFolder(LocksTest.LOCKS, 100)) {
            Known known = furnish(calm);
            int expected = change.ask(calm.guest, known).send();

            Known same = furnish(struck);
            change.ask(struck.guest, same);
            die(struck, at);
            int result;
            try {
                result = struck.guest.send();
                struck.restart(); // it has no such point
            } catch (Killed _) {
                struck.restart();
                result = at == CrashPoints.At.REPLIED ? struck.guest.late() : struck.guest.replay();
            }
            assertThat(result).isEqualTo(expected);
            struck.guest.sendAgain(same.waiting);
            assertThat(answered(struck)).isEqualTo(answered(calm));
            assertThat(everything(struck, same)).isEqualTo(everything(calm, known));
        }
    }

    private static void die(TestFolder folder, CrashPoints.At at) {
        folder.crash((point, _) -> {
            if (point == at) {
                throw new Killed();
            }
        });
    }

    /** Whether the one who waits has it now. */
    private static int answered(TestFolder folder) {
        folder.guest.slot(1);
        int result = folder.guest.answeredLate();
        result = result == 1 ? folder.guest.turn() : result;
        folder.guest.slot(0);
        return result;
    }

    static List<CrashPoints.At> points() {
        return List.of(CrashPoints.At.EFFECT, CrashPoints.At.DECIDED, CrashPoints.At.COMMITTED, CrashPoints.At.REPLIED);
    }

    /** It dies while it gives the lock to the one who has waited. */
    @ParameterizedTest
    @MethodSource("points")
    void whoHasWaitedGetsItOnce(CrashPoints.At at) {
        try (TestFolder folder = new TestFolder(LocksTest.LOCKS, 100)) {
            Known known = furnish(folder);
            assertThat(lock(folder.guest, known, 1, 0, 9, LockTable.UNLOCK).send())
                    .isZero();
            die(folder, at);
            boolean killed = false;
            try {
                folder.guest.turn();
            } catch (Killed _) {
                killed = true;
            }
            assertThat(killed).isTrue();
            folder.restart();
            if (at != CrashPoints.At.REPLIED) {
                folder.guest.sendAgain(known.waiting);
            }
            assertThat(answered(folder)).isZero();
            assertThat(everything(folder, known))
                    .contains("2 false 8-8 1", "0 wait, files 2, handles 2", "7: 2 by 0", "8: 1 by 1002", "9: 2 by 0");
        }
    }
}
