package ringfence.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.vmm.legacy.SerialPump;

/** Consoles that lead to a pseudo-terminal or a socket, where somebody is, or comes later, or has stopped reading. */
@Timeout(60)
class ConsoleLineTest {
    private static final int MUCH = 1 << 20;

    @TempDir
    Path folder;

    private final Linux linux = Linux.system();
    private final StringBuffer typed = new StringBuffer();

    private int take(byte[] from, int offset, int length) {
        typed.append(new String(from, offset, length, StandardCharsets.US_ASCII));
        return length;
    }

    private static void until(BooleanSupplier condition) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited for too long").isLessThan(deadline);
            Thread.sleep(5);
        }
    }

    private static void print(ConsoleLine line, String text) throws IOException {
        line.write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String read(RandomAccessFile terminal, int length) throws IOException {
        byte[] bytes = new byte[length];
        terminal.readFully(bytes);
        return new String(bytes, StandardCharsets.US_ASCII);
    }

    private Path path() {
        return folder.resolve("console");
    }

    private SocketChannel client() throws IOException {
        return SocketChannel.open(UnixDomainSocketAddress.of(path()));
    }

    private static void write(SocketChannel client, String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) {
            client.write(bytes);
        }
    }

    /** So much, or less if the other side ends it before. */
    private static String read(SocketChannel client, int length) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(length);
        while (bytes.hasRemaining() && client.read(bytes) >= 0) {}
        return new String(bytes.array(), 0, bytes.position(), StandardCharsets.US_ASCII);
    }

    @Test
    void aTerminalCarriesBothWaysAndWhoComesLaterReadsWhatHasWaited() throws Exception {
        try (ConsoleLine line = ConsoleLine.pty(linux, "serial")) {
            line.to(this::take);
            String path = line.terminal().orElseThrow();
            print(line, "early\r\n");
            try (RandomAccessFile first = new RandomAccessFile(path, "rw")) {
                assertThat(read(first, 7)).as("raw: as it was written").isEqualTo("early\r\n");
                first.writeBytes("root\r\u0003");
                until(() -> typed.length() == 6);
                assertThat(typed.toString()).isEqualTo("root\r\u0003");
            }
            print(line, "meanwhile");
            try (RandomAccessFile second = new RandomAccessFile(path, "rw")) {
                assertThat(read(second, 9)).as("no echo of what was typed").isEqualTo("meanwhile");
            }
        }
    }

    @Test
    void aSocketKeepsWhatWasPrintedBeforeSomebodyCame() throws Exception {
        try (ConsoleLine line = ConsoleLine.socket(linux, "serial", path().toString());
                SerialPump pump = new SerialPump("serial", line)) {
            line.to(this::take);
            for (char c : "Linux version".toCharArray()) {
                pump.transmit(c);
            }
            try (SocketChannel client = client()) {
                assertThat(read(client, 13)).isEqualTo("Linux version");
                write(client, "reboot\n");
                until(() -> typed.toString().equals("reboot\n"));
            }
        }
        assertThat(path()).doesNotExist();
    }

    /** A terminal is there before the guest is, and between one and the next. */
    @Test
    void whatIsTypedBeforeThereIsAGuestWaitsForIt() throws Exception {
        try (ConsoleLine line = ConsoleLine.pty(linux, "serial");
                RandomAccessFile user = new RandomAccessFile(line.terminal().orElseThrow(), "rw")) {
            user.writeBytes("one");
            line.to(this::take);
            until(() -> typed.toString().equals("one"));
            line.to(InputSink.NOBODY);
            user.writeBytes(" two");
            Thread.sleep(100); // it would be lost now
            assertThat(typed).asString().isEqualTo("one");
            line.to(this::take);
            until(() -> typed.toString().equals("one two"));
        }
    }

    @Test
    void whoComesLastIsServedAndOneWhoOnlyReadsStays() throws Exception {
        try (ConsoleLine line = ConsoleLine.socket(linux, "serial", path().toString());
                SocketChannel first = client()) {
            print(line, "1");
            assertThat(read(first, 1)).isEqualTo("1");
            try (SocketChannel second = client()) {
                assertThat(read(first, 1)).as("hung up on").isEmpty();
                second.shutdownOutput();
                print(line, "2");
                assertThat(read(second, 1)).isEqualTo("2");
            }
            try (SocketChannel third = client()) {
                print(line, "3");
                assertThat(read(third, 1)).isEqualTo("3");
            }
        }
    }

    @Test
    void aSocketThatNobodyListensOnIsReplacedAndALivingOneIsNot() throws Exception {
        ConsoleLine.socket(linux, "serial", path().toString()).close();
        try (ConsoleLine _ = ConsoleLine.socket(linux, "serial", path().toString())) {
            assertThatThrownBy(() -> ConsoleLine.socket(linux, "serial", path().toString()))
                    .hasMessageContaining("is in use");
        }
        Files.writeString(path(), "mine");
        assertThatThrownBy(() -> ConsoleLine.socket(linux, "serial", path().toString()))
                .hasMessageContaining("no socket");
        assertThat(path()).content().isEqualTo("mine");
    }

    /** What is typed faster than the guest reads waits with whoever types. */
    @Test
    void inputWaitsForTheGuestAndOutputGoesOnMeanwhile() throws Exception {
        int[] room = {0};
        try (ConsoleLine line = ConsoleLine.socket(linux, "serial", path().toString());
                SocketChannel client = client()) {
            line.to((from, offset, length) -> {
                synchronized (room) {
                    int taken = Math.min(room[0], length);
                    room[0] -= taken;
                    return take(from, offset, taken);
                }
            });
            write(client, "x".repeat(50_000));
            print(line, "output");
            assertThat(read(client, 6)).isEqualTo("output");
            assertThat(typed.length()).isZero();
            for (int given = 0; given < 50_000; given += 10_000) {
                synchronized (room) {
                    room[0] = 10_000;
                }
                line.room();
                int awaited = given + 10_000;
                until(() -> typed.length() == awaited);
            }
        }
    }

    /** The guest prints on; what there is no room for is lost and counted, and the rest is in order. */
    @Test
    void aReaderWhoStopsHoldsNobodyUp() throws Exception {
        try (ConsoleLine line = ConsoleLine.pty(linux, "serial");
                SerialPump pump = new SerialPump("serial", line)) {
            long start = System.nanoTime();
            for (int i = 0; i < MUCH; i++) {
                pump.transmit('a' + i % 26);
            }
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(5));
            assertThat(pump.dropped()).isBetween(MUCH / 2L, (long) MUCH);
            assertThat(pump.drain(TimeUnit.SECONDS.toNanos(20)))
                    .as("nobody waits for long who ends it")
                    .isFalse();
            try (RandomAccessFile reader = new RandomAccessFile(line.terminal().orElseThrow(), "rw")) {
                int kept = (int) (MUCH - pump.dropped());
                String read = read(reader, kept);
                for (int i = 0; i < 1 << 16; i++) { // behind that there may be gaps
                    assertThat(read.charAt(i)).isEqualTo((char) ('a' + i % 26));
                }
                assertThat(pump.drain(TimeUnit.SECONDS.toNanos(20))).isTrue();
            }
        }
    }

    /** Its guest's kernel spins while the device waits. */
    @Test
    void theVirtioConsoleWaitsForASlowReaderAndOnceForOneWhoHasStopped() throws Exception {
        try (Arena arena = Arena.ofConfined();
                ConsoleLine line = ConsoleLine.socket(linux, "console", path().toString());
                SerialPump pump = new SerialPump("console", line);
                SocketChannel client = client()) {
            PumpedOutput output = new PumpedOutput(pump);
            Thread reader = Thread.ofVirtual().start(() -> {
                try {
                    read(client, MUCH);
                } catch (IOException e) {
                    throw new java.io.UncheckedIOException(e);
                }
            });
            for (int i = 0; i < MUCH / 4096; i++) {
                output.write(arena.allocateFrom(ValueLayout.JAVA_BYTE, new byte[4096]));
            }
            reader.join();
            assertThat(pump.dropped()).as("while it was read").isZero();
            long start = System.nanoTime();
            for (int i = 0; i < 4 * MUCH / 4096; i++) {
                output.write(arena.allocateFrom(ValueLayout.JAVA_BYTE, new byte[4096]));
            }
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(5));
            assertThat(pump.dropped()).isPositive();
        }
    }
}
