package ringfence.fs.share;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.fs.fuse.Opcode.GETLK;
import static ringfence.fs.fuse.Opcode.SETLK;
import static ringfence.fs.fuse.Opcode.SETLKW;
import static ringfence.fs.share.TestFolder.ROOT;
import static ringfence.fs.share.TestGuest.RDWR;
import static ringfence.fs.state.LockTable.READ;
import static ringfence.fs.state.LockTable.UNLOCK;
import static ringfence.fs.state.LockTable.WRITE;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.LockTable;

/** Locks that are the host's, asked for by owners 1, 2 and 3 of a guest, and by processes of the host. */
class LocksTest {
    /** All off but locks. */
    static final ShareOptions LOCKS = new ShareOptions(
            Optional.empty(),
            1,
            1024,
            CachePolicy.AUTO,
            false,
            false,
            false,
            false,
            false,
            false,
            false,
            false,
            true,
            true,
            IdMap.IDENTITY,
            IdMap.IDENTITY);

    static final long FLAGS = InitFlags.INIT_EXT | InitFlags.POSIX_LOCKS | InitFlags.FLOCK_LOCKS;
    private static final int NOTHING = 1;
    private static final int WAITING = 1;

    private final TestFolder folder = new TestFolder(LOCKS, 10_000);
    private final TestGuest guest = folder.guest;
    private final Path file = folder.path.resolve("f");
    private long node;
    private long handle;

    LocksTest() {
        open(guest);
    }

    private void open(TestGuest to) {
        to.init(FLAGS);
        assertThat(to.create(ROOT, "f", RDWR).send()).isZero();
        node = to.node();
        handle = to.answer(OutLayout.ENTRY);
    }

    @AfterEach
    void close() {
        folder.close();
    }

    private int set(long owner, long start, long end, int type) {
        return guest.lock(SETLK, node, handle, owner, start, end, type).send();
    }

    private int flock(long owner, int type) {
        return guest.flock(SETLK, node, handle, owner, type).send();
    }

    /** In a place of its own. @return its head */
    private int waitsFor(long owner, long start, long end, int type) {
        guest.slot(1);
        int head = guest.lock(SETLKW, node, handle, owner, start, end, type).sendLater();
        assertThat(guest.answeredLate()).isEqualTo(NOTHING);
        guest.slot(0);
        return head;
    }

    private int waits(long owner, long start, long end, int type) {
        return guest.lock(SETLKW, node, handle, owner, start, end, type).send();
    }

    private int await(int millis) throws InterruptedException {
        guest.slot(1);
        int result = guest.await(millis);
        guest.slot(0);
        return result;
    }

    private void holds(long owner, long start, long end, int type) {
        assertThat(guest.lock(GETLK, node, handle, 9, start, end, WRITE).send()).isZero();
        assertThat(guest.answer32(OutLayout.LK_TYPE)).isEqualTo(type);
        assertThat(guest.answer(OutLayout.LK_START)).isEqualTo(start);
        assertThat(guest.answer(OutLayout.LK_END)).isEqualTo(end);
        assertThat(guest.answer32(OutLayout.LK_PID)).isEqualTo((int) owner + 1000);
    }

    @Test
    void ownersAreInEachOthersWay() {
        assertThat(set(1, 0, 99, WRITE)).isZero();
        assertThat(set(2, 50, 60, READ)).isEqualTo(Errors.EAGAIN);
        holds(1, 0, 99, WRITE);
        assertThat(set(2, 100, Long.MAX_VALUE, WRITE)).isZero();
        assertThat(set(1, 40, 59, UNLOCK)).isZero();
        assertThat(set(2, 50, 59, READ)).isZero();
        assertThat(set(2, 59, 60, READ)).isEqualTo(Errors.EAGAIN);
        assertThat(set(1, 50, 50, READ)).isZero();
        holds(1, 0, 39, WRITE);
        assertThat(guest.lock(GETLK, node, handle, 3, 40, 49, WRITE).send()).isZero();
        assertThat(guest.answer32(OutLayout.LK_TYPE)).isEqualTo(UNLOCK);
        assertThat(folder.tree.locks().count()).isEqualTo(2);
    }

    @Test
    void aProcessThatClosesTheFileLetsGoOfAll() {
        set(1, 0, 9, WRITE);
        set(1, 20, 29, READ);
        set(2, 40, 49, READ);
        assertThat(guest.flush(node, handle, 1).send()).isZero();
        assertThat(set(3, 0, 39, WRITE)).isZero();
        assertThat(set(3, 40, 40, WRITE)).isEqualTo(Errors.EAGAIN);
        assertThat(folder.tree.locks().count()).isEqualTo(2);
    }

    @Test
    void locksOfFlockEndWithTheirOpenFile() throws Exception {
        assertThat(flock(1, READ)).isZero();
        assertThat(flock(2, READ)).isZero();
        assertThat(LockHolder.isFree(file)).isFalse();
        assertThat(flock(1, WRITE)).isEqualTo(Errors.EAGAIN);
        assertThat(folder.state.locks().count())
                .as("dropped, as the host's kernel does")
                .isEqualTo(1);
        long other = guest.open(node, RDWR);
        assertThat(guest.begin(Opcode.RELEASE, node)
                        .int64(InLayout.FH, other)
                        .int32(InLayout.RELEASE_FLAGS, FuseFlags.RELEASE_FLOCK_UNLOCK)
                        .int64(InLayout.RELEASE_OWNER, 2)
                        .send())
                .isZero();
        assertThat(LockHolder.isFree(file)).isTrue();
        assertThat(flock(1, WRITE)).isZero();
        assertThat(flock(1, UNLOCK)).isZero();
        assertThat(folder.tree.locks().count()).isZero();
    }

    /** As after an error of writing back, for which Linux leaves out the FLUSH. */
    @Test
    void noLockOutlivesTheLastHandle() throws Exception {
        set(1, 0, 9, WRITE);
        flock(2, WRITE);
        assertThat(guest.release(node, handle)).isZero();
        assertThat(folder.tree.locks().count()).isZero();
        assertThat(folder.state.locks().count()).isZero();
        assertThat(LockHolder.isFree(file)).isTrue();
        assertThat(set(1, 0, 9, WRITE)).isEqualTo(Errors.EBADF);
    }

    @Test
    void whoWaitsGetsItWhenItIsFree() throws Exception {
        set(1, 0, 9, WRITE);
        waitsFor(2, 5, 5, WRITE);
        assertThat(await(20)).isEqualTo(WAITING);
        assertThat(set(3, 5, 5, READ)).as("the queue goes on").isEqualTo(Errors.EAGAIN);
        assertThat(set(1, 0, 9, UNLOCK)).isZero();
        assertThat(await(0)).as("at once").isZero();
        holds(2, 5, 5, WRITE);
        assertThat(folder.engine.inFlight()).isZero();
        assertThat(folder.counters.value(FsCounter.WAITED)).isEqualTo(1);
    }

    /** By fcntl(2): over any number of owners, and no longer than one of them waits. */
    @Test
    void whoWouldWaitForItselfIsRefused() throws Exception {
        set(1, 0, 0, WRITE);
        set(2, 1, 1, WRITE);
        set(3, 2, 2, READ);
        waitsFor(2, 2, 2, WRITE);
        waitsFor(3, 0, 0, READ);
        assertThat(waits(1, 1, 1, READ)).isEqualTo(Errors.EDEADLK);
        assertThat(waits(3, 1, 1, WRITE)).isEqualTo(Errors.EDEADLK);
        assertThat(waits(1, 3, 3, WRITE)).as("a free one").isZero();
        waitsFor(4, 0, 2, WRITE);
        assertThat(set(1, 0, 0, UNLOCK)).isZero();
        assertThat(await(0)).as("3 waits no longer").isZero();
        waitsFor(1, 1, 1, READ);
        assertThat(folder.engine.inFlight()).isEqualTo(3);
    }

    @Test
    void whoWaitsIsInterrupted() throws Exception {
        set(1, 0, 9, WRITE);
        waitsFor(2, 0, 0, READ);
        long unique = guest.unique();
        guest.interrupt(unique + 2).sendSilently();
        assertThat(await(5)).isEqualTo(WAITING);
        guest.interrupt(unique).sendSilently();
        assertThat(await(0)).isEqualTo(Errors.EINTR);
        assertThat(set(1, 0, 9, UNLOCK)).isZero();
        assertThat(folder.state.locks().count()).isZero();
    }

    @Test
    void aProcessOfTheHostIsWaitedForByFcntl() throws Exception {
        try (LockHolder _ = LockHolder.fcntl(file)) {
            assertThat(set(1, 99, 99, READ)).isEqualTo(Errors.EAGAIN);
            assertThat(set(1, 100, 100, READ)).isZero();
            assertThat(guest.lock(GETLK, node, handle, 2, 0, 200, WRITE).send()).isZero();
            assertThat(guest.answer32(OutLayout.LK_TYPE)).isEqualTo(WRITE);
            assertThat(guest.answer(OutLayout.LK_END)).isEqualTo(99);
            assertThat(guest.answer32(OutLayout.LK_PID)).isZero();
            waitsFor(2, 0, 0, WRITE);
            assertThat(await(100)).isEqualTo(WAITING);
        }
        assertThat(await(1000)).isZero();
    }

    @Test
    void aProcessOfTheHostIsWaitedForByFlock() throws Exception {
        try (LockHolder _ = LockHolder.flock(file)) {
            assertThat(flock(1, READ)).isEqualTo(Errors.EAGAIN);
            guest.slot(1);
            guest.flock(SETLKW, node, handle, 1, WRITE).sendLater();
            guest.slot(0);
            assertThat(await(100)).isEqualTo(WAITING);
        }
        assertThat(await(1000)).isZero();
        assertThat(LockHolder.isFree(file)).isFalse();
    }

    @Test
    void aSessionsEndFreesAll() throws Exception {
        set(1, 0, 9, WRITE);
        flock(1, WRITE);
        waitsFor(2, 0, 9, WRITE);
        guest.init(FLAGS);
        assertThat(await(0)).as("its handle is gone").isEqualTo(Errors.EBADF);
        assertThat(LockHolder.isFree(file)).isTrue();
        assertThat(folder.tree.locks().count()).isZero();
        assertThat(folder.tree.budget().taken()).isEqualTo(1);
        try (LockHolder _ = LockHolder.fcntl(file)) {
            assertThat(folder.state.locks().count()).isZero();
        }
    }

    @Test
    void thereIsABoundOfRanges() {
        int taken = 0;
        int result;
        do {
            result = set(1, 2L * taken, 2L * taken, READ);
            taken++;
        } while (result == 0);
        assertThat(result).isEqualTo(Errors.ENOLCK);
        assertThat(taken).isEqualTo(LockTable.MOST);
        assertThat(guest.flush(node, handle, 1).send()).isZero();
        assertThat(set(2, 0, Long.MAX_VALUE, WRITE)).isZero();
    }

    @Test
    void thereIsABoundOfOwners() {
        try (TestFolder small = new TestFolder(LOCKS, 6)) {
            TestGuest other = small.guest;
            open(other);
            for (int owner = 1; owner < 4; owner++) {
                assertThat(other.lock(SETLK, node, handle, owner, owner, owner, READ)
                                .send())
                        .isZero();
            }
            assertThat(other.lock(SETLK, node, handle, 4, 4, 4, READ).send()).isEqualTo(Errors.ENOLCK);
            assertThat(other.lock(SETLK, node, handle, 3, 3, 3, UNLOCK).send()).isZero();
            assertThat(other.lock(SETLK, node, handle, 4, 4, 4, READ).send()).isZero();
        }
    }

    @Test
    void thereIsABoundOfThoseWhoWait() throws Exception {
        set(1, 0, 0, WRITE);
        for (int i = 0; i < Waiting.MOST; i++) {
            waitsFor(2, 0, 0, READ);
        }
        guest.slot(1);
        guest.lock(SETLKW, node, handle, 2, 0, 0, READ).sendLater();
        assertThat(guest.answeredLate()).isEqualTo(Errors.ENOLCK);
        guest.slot(0);
        set(1, 0, 0, UNLOCK);
        for (int i = 0; i < Waiting.MOST; i++) {
            assertThat(await(0)).isZero();
        }
        assertThat(await(0)).isEqualTo(NOTHING);
    }

    @Test
    void aQueueThatStopsLetsGoOfThoseWhoWait() throws Exception {
        set(1, 0, 0, WRITE);
        int head = waitsFor(2, 0, 0, READ);
        guest.stop(true);
        assertThat(await(0)).as("recorded: it is asked again").isEqualTo(NOTHING);
        guest.sendAgain(head);
        guest.stop(false);
        assertThat(await(0)).isEqualTo(Errors.EAGAIN);
        assertThat(set(1, 0, 0, UNLOCK)).isZero();
        assertThat(await(10)).isEqualTo(NOTHING);
    }

    @Test
    void aSuccessorHoldsThemOn() throws Exception {
        set(1, 0, 9, WRITE);
        set(1, 4, 5, READ);
        flock(1, WRITE);
        int head = waitsFor(2, 5, 5, WRITE);
        folder.restart();
        assertThat(folder.lostLocks).isZero();
        guest.sendAgain(head);
        assertThat(await(5)).isEqualTo(WAITING);
        assertThat(LockHolder.isFree(file)).isFalse();
        holds(1, 4, 5, READ);
        assertThat(set(3, 3, 3, READ)).isEqualTo(Errors.EAGAIN);
        assertThat(set(3, 4, 5, READ)).isZero();
        assertThat(guest.flush(node, handle, 3).send()).isZero();
        assertThat(guest.flush(node, handle, 1).send()).isZero();
        assertThat(await(0)).isZero();
    }

    @Test
    void whatSomebodyElseHasTakenMeanwhileIsLost() throws IOException {
        set(1, 0, 9, WRITE);
        set(1, 200, 209, WRITE);
        folder.die();
        try (LockHolder _ = LockHolder.fcntl(file)) {
            folder.rise();
            assertThat(folder.lostLocks).isEqualTo(1);
            assertThat(folder.state.locks().count()).isEqualTo(1);
            assertThat(set(1, 0, 0, READ)).isEqualTo(Errors.EAGAIN);
        }
        assertThat(set(2, 0, 9, WRITE)).isZero();
        holds(1, 200, 209, WRITE);
    }

    @Test
    void nonsenseIsRefused() {
        assertThat(set(1, 5, 4, WRITE)).isEqualTo(Errors.EINVAL);
        assertThat(set(1, -1, 4, WRITE)).isEqualTo(Errors.EINVAL);
        assertThat(set(1, 0, 4, 3)).isEqualTo(Errors.EINVAL);
        assertThat(guest.lock(SETLK, node, 12345, 1, 0, 4, READ).send()).isEqualTo(Errors.EBADF);
        assertThat(guest.lock(SETLKW, node, guest.opendir(ROOT), 1, 0, 4, READ).send())
                .isEqualTo(Errors.EBADF);
    }

    @Test
    void withoutTheOptionTheyAreNotOurs() {
        try (TestFolder plain = new TestFolder()) {
            TestGuest other = plain.guest;
            other.init(FLAGS);
            assertThat(other.answer32(OutLayout.INIT_FLAGS) & FLAGS & ~InitFlags.INIT_EXT)
                    .isZero();
            assertThat(other.create(ROOT, "f", RDWR).send()).isZero();
            long created = other.node();
            assertThat(other.lock(SETLK, created, other.answer(OutLayout.ENTRY), 1, 0, 9, READ)
                            .send())
                    .isEqualTo(Errors.ENOSYS);
        }
    }
}
