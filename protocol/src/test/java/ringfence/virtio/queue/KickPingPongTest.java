package ringfence.virtio.queue;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.virtio.RingFormat;

/**
 * Two threads, driver and device, that look at the ring only when they were notified: a notification lost would stop
 * both for ever. {@code -Dringfence.kicks=N} sets how many kicks it takes.
 */
class KickPingPongTest {
    /** A doorbell: rung by one side, awaited by the other. */
    private static final class Bell {
        private final AtomicLong rung = new AtomicLong();
        private long heard;

        void ring() {
            rung.setRelease(rung.getPlain() + 1);
        }

        /** Waits for a ring not yet heard; false if {@code failure} was set meanwhile. */
        boolean await(AtomicReference<Throwable> failure) {
            for (int spins = 0; rung.getAcquire() == heard; spins++) {
                if ((spins & 0xFF) == 0xFF) {
                    Thread.yield();
                    if (failure.get() != null) {
                        return false;
                    }
                } else {
                    Thread.onSpinWait();
                }
            }
            heard = rung.getAcquire();
            return true;
        }
    }

    private final Bell kick = new Bell();
    private final Bell call = new Bell();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();

    @ParameterizedTest
    @CsvSource({"true,500000", "false,100000"})
    @Timeout(value = 600, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void noNotificationIsLost(boolean eventIdx, long atLeast) throws InterruptedException {
        long kicks = Long.getLong("ringfence.kicks", atLeast);
        Rings rings = Rings.of(RingFormat.SPLIT).size(4);
        if (eventIdx) {
            rings.eventIdx();
        }
        try (rings) {
            rings.start();
            Thread device = Thread.ofPlatform().name("device").daemon().start(() -> serve(rings));
            long chains = 0;
            try {
                chains = drive(rings.driver(), kicks);
            } catch (RuntimeException | Error e) {
                failure.compareAndSet(null, e);
            } finally {
                failure.compareAndSet(null, new InterruptedException("done"));
                device.join(TimeUnit.SECONDS.toMillis(20));
            }
            assertThat(failure.get()).isInstanceOf(InterruptedException.class);
            assertThat(kick.rung.get()).isGreaterThanOrEqualTo(kicks);
            System.out.printf(
                    "counted: ping-pong, EVENT_IDX %s: %,d chains, %,d kicks, %,d interrupts, none lost%n",
                    eventIdx, chains, kick.rung.get(), call.rung.get());
        }
    }

    private long drive(GuestDriver driver, long kicks) {
        long offered = 0;
        long reaped = 0;
        while (kick.rung.getPlain() < kicks) {
            int batch = (int) (offered & 3);
            for (int i = 0; i <= batch && driver.begin(1); i++) {
                driver.readable(Rings.DATA, 16);
                driver.offer(offered++);
            }
            if (driver.publish()) {
                kick.ring();
            }
            while (true) {
                driver.disarmInterrupt();
                while (driver.reap() >= 0) {
                    reaped++;
                }
                if (reaped == offered) {
                    break;
                }
                if (!driver.armInterrupt() && !call.await(failure)) {
                    throw new IllegalStateException("the device has failed", failure.get());
                }
            }
        }
        return reaped;
    }

    private void serve(Rings rings) {
        Virtqueue queue = rings.queue();
        ChainCursor chain = rings.chain();
        try {
            while (true) {
                Verdict verdict = queue.poll(chain);
                if (verdict == Verdict.CHAIN) {
                    queue.complete(chain.head(), 0);
                    if (queue.needsInterrupt()) {
                        call.ring();
                    }
                } else if (verdict == Verdict.BROKEN) {
                    throw new IllegalStateException(queue.fault().toString());
                } else if (!queue.armKick()) {
                    if (!kick.await(failure)) {
                        return;
                    }
                    queue.disarmKick();
                }
            }
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
    }
}
