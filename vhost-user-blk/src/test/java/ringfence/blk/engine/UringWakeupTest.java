package ringfence.blk.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringfence.blk.TestGuest;
import ringfence.blk.TestGuest.Buffer;
import ringfence.blk.engine.TestDisk.Place;
import ringfence.linux.Epoll;
import ringfence.linux.Linux;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.BlkLayout;

/** A worker that sleeps is woken by every completion: by the disk's, and by those of the kernel's helper threads. */
class UringWakeupTest {
    private static final int ROUNDS = 300;
    private static final int LIMIT_MILLIS = 5_000;

    private int completed;

    @ParameterizedTest
    @EnumSource(
            value = Place.class,
            names = {"CACHED", "DIRECT"})
    void aSleepingWorkerIsWoken(Place place) {
        Linux linux = Linux.system();
        try (TestDisk disk = new TestDisk(linux, place, EngineChoice.URING);
                TestGuest guest = new TestGuest(linux, 64);
                QueueEngine engine = disk.device.engine(0, guest.memory());
                Epoll epoll = linux.events().epoll(1)) {
            epoll.add(engine.wakeup(), Epoll.IN, 0);
            long header = 0x6_0000;
            guest.header(header, BlkLayout.T_OUT, 64);
            var chain = guest.chain(
                    new Buffer(header, 16, false),
                    new Buffer(TestGuest.DATA, 4096, false),
                    new Buffer(header + 16, 1, true));
            for (int i = 0; i < ROUNDS; i++) {
                engine.submit(chain, this::done);
                engine.flush();
                while (engine.inFlight() > 0) {
                    if (!engine.armWakeup()) {
                        sleep(epoll);
                    }
                    engine.disarmWakeup();
                    engine.reap(this::done);
                }
            }
            assertThat(completed).isEqualTo(ROUNDS);
            assertThat(epoll.await(0))
                    .as("nothing under way, nothing to wake for")
                    .isZero();
        }
    }

    /** Returns when woken; the kernel may also end the wait early (EINTR), and then wants it begun again. */
    private static void sleep(Epoll epoll) {
        long start = System.nanoTime();
        epoll.await(LIMIT_MILLIS);
        assertThat(System.nanoTime() - start).as("slept over a completion").isLessThan(LIMIT_MILLIS * 1_000_000L);
    }

    private void done(int head, int written) {
        completed += written;
    }
}
