package ringfence.vmm.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Errno;
import ringfence.linux.FaultInjector;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.NativeKernel;
import ringfence.linux.OpenFlag;
import ringfence.linux.Syscall;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.process.BadInputException;
import ringfence.process.Program;
import ringfence.vmm.config.EventMonitorConfig;

/** Whoever tells an event never waits, whoever reads gets whole objects in their order, and hears of those that it did not. */
@Timeout(60)
class EventStreamTest {
    @TempDir
    Path folder;

    private final FaultInjector calls = new FaultInjector(new NativeKernel());
    private final Linux linux = new Linux(calls);

    /** What the stream has logged is not for the standard error of the next test. */
    @AfterEach
    void dropsTheLog() {
        Program.run("test", new PrintStream(OutputStream.nullOutputStream()), () -> 0);
    }

    private static EventMonitorConfig path(Path path) {
        return new EventMonitorConfig(Optional.of(path.toString()), Optional.empty());
    }

    private Path pipe() throws Exception {
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isZero();
        return pipe;
    }

    private static Event numbered(int i) {
        return new Event.DeviceActivated("n" + i);
    }

    private static List<Json.Obj> objects(String stream) {
        return Stream.of(stream.split("\n\n", -1))
                .filter(text -> !text.isEmpty())
                .map(text -> (Json.Obj) JsonReader.read(text))
                .toList();
    }

    private static String name(Json.Obj event) {
        return ((Json.Str) event.get("event")).text();
    }

    private static String property(Json.Obj event, String key) {
        return ((Json.Str) ((Json.Obj) event.get("properties")).get(key)).text();
    }

    private static long nanos(Json.Obj event) {
        Json.Obj stamp = (Json.Obj) event.get("timestamp");
        return Long.parseLong(((Json.Num) stamp.get("secs")).digits()) * 1_000_000_000
                + Long.parseLong(((Json.Num) stamp.get("nanos")).digits());
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        while (!condition.getAsBoolean()) {
            Thread.sleep(5);
        }
    }

    @Test
    void aFileHasEachEventWithItsTimeSinceTheStart() throws Exception {
        Path file = Files.writeString(folder.resolve("events"), "of a run before, and longer than what follows");
        AtomicLong clock = new AtomicLong(-5);
        Fd to = linux.files().open(file.toString(), OpenFlag.WRONLY, OpenFlag.TRUNC);
        try (EventStream stream = EventStream.start(linux, to, clock::get, 8)) {
            clock.addAndGet(1_500_000_000);
            stream.tell(Event.Vm.BOOTING);
            stream.tell(new Event.ApiCalled("PUT", "/api/v1/vm.boot", 204, 1)); // Cloud Hypervisor has none
            stream.tell(new Event.DeviceConnected("_disk0", 100));
            clock.addAndGet(29_228_206);
            stream.tell(numbered(0));
        }
        assertThat(file).hasContent("""
            {
              "timestamp": {
                "secs": 1,
                "nanos": 500000000
              },
              "source": "vm",
              "event": "booting",
              "properties": null
            }

            {
              "timestamp": {
                "secs": 1,
                "nanos": 529228206
              },
              "source": "virtio-device",
              "event": "activated",
              "properties": {
                "id": "n0"
              }
            }

            """);
        assertThat(to.isOpen()).isFalse();
    }

    @Test
    void aFileIsMadeAnew() throws Exception {
        Path file = Files.writeString(folder.resolve("events"), "of a run before");
        try (EventStream stream = EventMonitor.open(linux, path(file))) {
            stream.tell(Event.Vmm.STARTING);
        }
        assertThat(objects(Files.readString(file)))
                .extracting(EventStreamTest::name)
                .containsExactly("starting");
    }

    /** As libvirt's is, which makes the pipe, starts the VMM, and opens the pipe to read. */
    @Test
    void aPipeMayHaveItsReaderLater() throws Exception {
        Path pipe = pipe();
        EventStream stream = EventMonitor.open(linux, path(pipe));
        stream.tell(Event.Vmm.STARTING);
        stream.tell(Event.Vm.BOOTING);
        await(() -> calls.count(Syscall.WRITE) == 2);
        try (InputStream reader = Files.newInputStream(pipe)) {
            stream.close();
            assertThat(objects(new String(reader.readAllBytes(), StandardCharsets.UTF_8)))
                    .extracting(EventStreamTest::name)
                    .containsExactly("starting", "booting");
        }
    }

    @Test
    void whoTellsNeverWaitsForAFullPipeAndItsReaderHearsHowManyItMissedAndWhere() throws Exception {
        int events = 20_000; // a pipe and the queue hold some 1,500
        Path pipe = pipe();
        EventStream stream = EventMonitor.open(linux, path(pipe));
        long start = System.nanoTime();
        for (int i = 0; i < events; i++) {
            stream.tell(numbered(i));
        }
        assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(10));
        StringBuilder text = new StringBuilder();
        try (InputStream reader = Files.newInputStream(pipe)) {
            byte[] some = new byte[100_000];
            while (text.indexOf("\"n1000\"") < 0) {
                text.append(new String(some, 0, reader.read(some), StandardCharsets.UTF_8));
            }
            stream.tell(numbered(events)); // there is room again
            CompletableFuture<Void> closed = CompletableFuture.runAsync(stream::close);
            text.append(new String(reader.readAllBytes(), StandardCharsets.UTF_8));
            closed.join();
        }
        int next = 0;
        long lost = 0;
        long before = 0;
        for (Json.Obj event : objects(text.toString())) {
            assertThat(nanos(event)).isGreaterThanOrEqualTo(before);
            before = nanos(event);
            if (name(event).equals("events-lost")) {
                lost += Long.parseLong(property(event, "count"));
                next += Integer.parseInt(property(event, "count"));
            } else {
                assertThat(property(event, "id")).isEqualTo("n" + next++);
            }
        }
        assertThat(next).as("told or counted").isEqualTo(events + 1);
        assertThat(lost).isGreaterThan(10_000);
    }

    @Test
    void lossesAreToldThoughNothingFollowsThem() throws Exception {
        Path file = folder.resolve("events");
        AtomicInteger stalls = new AtomicInteger(3);
        calls.inject(Syscall.WRITE, (fd, request, argument) -> true, (through, call, a) -> {
            return stalls.get() > 0 ? -Errno.EAGAIN.number() : through.call(call, a[0], a[1], a[2], a[3], a[4], a[5]);
        });
        Fd to = linux.files().open(file.toString(), 0600, OpenFlag.WRONLY, OpenFlag.CREAT);
        try (EventStream stream = EventStream.start(linux, to, System::nanoTime, 2)) {
            stream.tell(numbered(0));
            await(() -> calls.count(Syscall.WRITE) > 0); // it is out of the queue, and stalls
            for (int i = 1; i <= 5; i++) {
                stream.tell(numbered(i));
            }
            stalls.set(0);
            await(() -> file.toFile().length() > 400 && read(file).contains("events-lost"));
        }
        List<Json.Obj> events = objects(Files.readString(file));
        assertThat(events)
                .extracting(EventStreamTest::name)
                .containsExactly("activated", "activated", "activated", "events-lost");
        assertThat(property(events.getLast(), "count")).isEqualTo("3");
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void aPipeWhoseReaderHasGoneFindsTheNextOne() throws Exception {
        String pipe = pipe().toString();
        Fd first = linux.files().open(pipe, OpenFlag.RDONLY, OpenFlag.NONBLOCK);
        try (EventStream stream = EventMonitor.open(linux, path(Path.of(pipe)))) {
            first.close();
            stream.tell(numbered(0));
            stream.tell(numbered(1));
            await(() -> calls.count(Syscall.WRITE) == 3); // of which one would have told of the first loss
            try (Fd second = linux.files().open(pipe, OpenFlag.RDONLY, OpenFlag.NONBLOCK)) {
                stream.tell(numbered(2));
                await(() -> calls.count(Syscall.WRITE) == 5);
                List<Json.Obj> events = objects(readable(second));
                assertThat(events).extracting(EventStreamTest::name).containsExactly("events-lost", "activated");
                assertThat(property(events.getFirst(), "count")).isEqualTo("2");
                assertThat(property(events.getLast(), "id")).isEqualTo("n2");
            }
        }
    }

    private String readable(Fd fd) throws InterruptedException {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(1 << 16);
            StringBuilder text = new StringBuilder();
            while (text.indexOf("n2") < 0 || !text.toString().endsWith("\n\n")) {
                long length = linux.files().tryRead(fd, bytes);
                if (length > 0) {
                    text.append(new String(
                            bytes.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8));
                }
                Thread.sleep(5);
            }
            return text.toString();
        }
    }

    /** What write(2) may do to a socket, or to a disk that is full for a while. */
    @Test
    void anObjectThatWasBegunIsEndedFirst() throws Exception {
        AtomicInteger writes = new AtomicInteger();
        calls.inject(Syscall.WRITE, (fd, request, argument) -> true, (through, call, a) -> {
            return switch (writes.getAndIncrement()) {
                case 0 -> through.call(call, a[0], a[1], 10, a[3], a[4], a[5]);
                case 1 -> -Errno.EINTR.number();
                case 2 -> -Errno.ENOSPC.number();
                case 3 -> -Errno.EAGAIN.number();
                default -> through.call(call, a[0], a[1], a[2], a[3], a[4], a[5]);
            };
        });
        Path file = folder.resolve("events");
        try (EventStream stream = EventMonitor.open(linux, path(file))) {
            stream.tell(numbered(0));
            stream.tell(numbered(1));
        }
        assertThat(objects(Files.readString(file)))
                .extracting(event -> property(event, "id"))
                .containsExactly("n0", "n1");
    }

    /** The end of the VMM does not wait for a reader that does nothing. */
    @Test
    void closingWaitsForASecondAtMost() throws Exception {
        Path pipe = pipe();
        EventStream stream = EventMonitor.open(linux, path(pipe));
        for (int i = 0; i < 5_000; i++) {
            stream.tell(numbered(i));
        }
        long start = System.nanoTime();
        stream.close();
        assertThat(System.nanoTime() - start).isBetween(900_000_000L, 20_000_000_000L);
        try (InputStream reader = Files.newInputStream(pipe)) {
            assertThat(new String(reader.readAllBytes(), StandardCharsets.UTF_8))
                    .as("then it ends")
                    .contains("\"n0\"");
        }
    }

    @Test
    void aDescriptorIsWrittenAsItIs() throws Exception {
        Path file = folder.resolve("events");
        try (Fd open = linux.files().open(file.toString(), 0600, OpenFlag.WRONLY, OpenFlag.CREAT)) {
            EventMonitorConfig config = new EventMonitorConfig(Optional.empty(), Optional.of(open.number()));
            try (EventStream stream = EventMonitor.open(linux, config)) {
                stream.tell(Event.Vmm.STARTING);
            }
            assertThat(open.isOpen()).as("whose it was").isTrue();
        }
        assertThat(objects(Files.readString(file))).hasSize(1);
    }

    @Test
    void aDescriptorThatCannotBeWrittenIsRefused() throws Exception {
        Path file = Files.createFile(folder.resolve("events"));
        try (Fd open = linux.files().open(file.toString(), OpenFlag.RDONLY)) {
            EventMonitorConfig config = new EventMonitorConfig(Optional.empty(), Optional.of(open.number()));
            assertThatThrownBy(() -> EventMonitor.open(linux, config))
                    .isInstanceOf(BadInputException.class)
                    .hasMessageContaining("--event-monitor fd: " + open.number() + " is open for reading only");
        }
    }
}
