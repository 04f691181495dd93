package ringfence.vmm.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Output goes to a stream that may stall; the guest never waits for it. */
@Timeout(30)
class SerialPumpTest {
    private static final long SECONDS_10 = TimeUnit.SECONDS.toNanos(10);

    /** Counts its writes, and stalls while the gate is shut. */
    private static final class Stream extends OutputStream {
        final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        final AtomicInteger writes = new AtomicInteger();
        final CountDownLatch gate;

        Stream(boolean open) {
            gate = new CountDownLatch(open ? 0 : 1);
        }

        @Override
        public void write(int b) {
            throw new AssertionError("byte by byte");
        }

        @Override
        public void write(byte[] from, int offset, int length) throws IOException {
            try {
                gate.await();
            } catch (InterruptedException e) {
                throw new IOException(e);
            }
            writes.incrementAndGet();
            bytes.write(from, offset, length);
        }
    }

    /** A port with output that is kept elsewhere as long as {@code kept} says so. */
    private record Port(BooleanSupplier kept, Runnable onRelief) implements SerialBackend.Port {
        @Override
        public void relieved() {
            onRelief.run();
        }

        @Override
        public boolean collect() {
            return kept.getAsBoolean();
        }

        @Override
        public void quiet() {
            // whoever keeps output is asked to stop; see the next test
        }
    }

    @Test
    void looksForOutputThatNobodyTellsItOf() throws InterruptedException {
        Stream stream = new Stream(true);
        CountDownLatch looks = new CountDownLatch(20);
        AtomicBoolean kept = new AtomicBoolean(true);
        CountDownLatch quiet = new CountDownLatch(1);
        try (SerialPump pump = new SerialPump("test-out", stream)) {
            pump.attach(new SerialBackend.Port() {
                @Override
                public void relieved() {
                    throw new AssertionError("never congested");
                }

                @Override
                public boolean collect() {
                    looks.countDown();
                    if (looks.getCount() == 1) {
                        pump.transmit('k');
                    }
                    return kept.get();
                }

                @Override
                public void quiet() {
                    kept.set(false);
                    quiet.countDown();
                }
            });
            pump.transmit('a');
            assertThat(looks.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(quiet.await(10, TimeUnit.SECONDS))
                    .as("it gives up, and says so")
                    .isTrue();
            assertThat(pump.drain(SECONDS_10)).isTrue();
            assertThat(stream.bytes).hasToString("ak");
        }
    }

    @Test
    void carriesEachByteInOrderAndFewWrites() {
        Stream stream = new Stream(true);
        try (SerialPump pump = new SerialPump("test-out", stream)) {
            StringBuilder sent = new StringBuilder();
            for (int i = 0; i < 30_000; i++) {
                pump.transmit('a' + i % 26);
                sent.append((char) ('a' + i % 26));
            }
            assertThat(pump.drain(SECONDS_10)).isTrue();
            assertThat(stream.bytes).hasToString(sent.toString());
            assertThat(stream.writes.get()).isLessThan(1000);
            assertThat(pump.dropped()).isZero();
        }
    }

    @Test
    void wakesUpAgainAfterAPause() throws InterruptedException {
        Stream stream = new Stream(true);
        try (SerialPump pump = new SerialPump("test-out", stream)) {
            for (int i = 0; i < 5; i++) {
                pump.transmit('x');
                assertThat(pump.drain(SECONDS_10)).isTrue();
                Thread.sleep(60); // long enough for it to fall asleep
            }
            pump.transmit('y');
            long start = System.nanoTime();
            while (stream.bytes.size() < 6 && System.nanoTime() - start < SECONDS_10) {
                Thread.onSpinWait(); // not drain: that would wake it
            }
            assertThat(stream.bytes).hasToString("xxxxxy");
        }
    }

    @Test
    void dropsAndCountsWhenTheStreamStallsAndTellsWhenItGoesOn() throws InterruptedException {
        Stream stream = new Stream(false);
        CountDownLatch relief = new CountDownLatch(1);
        try (SerialPump pump = new SerialPump("test-out", stream)) {
            pump.attach(new Port(() -> false, relief::countDown));
            assertThat(pump.isCongested()).isFalse();
            for (int i = 0; i < 70_000; i++) {
                pump.transmit('z');
            }
            assertThat(pump.isCongested()).isTrue();
            assertThat(pump.dropped()).isEqualTo(70_000 - 65_536);
            assertThat(pump.drain(1_000_000)).isFalse();
            stream.gate.countDown();
            assertThat(relief.await(10, TimeUnit.SECONDS)).isTrue();
            assertThat(pump.drain(SECONDS_10)).isTrue();
            assertThat(stream.bytes.size()).isEqualTo(65_536);
        }
    }

    @Test
    void outlivesAReaderThatHasGoneAway() {
        OutputStream broken = new OutputStream() {
            @Override
            public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
            }
        };
        try (SerialPump pump = new SerialPump("test-out", broken)) {
            for (int i = 0; i < 100_000; i++) {
                pump.transmit('q');
            }
            assertThat(pump.drain(SECONDS_10)).isTrue();
            assertThat(pump.dropped()).isEqualTo(100_000);
        }
    }
}
