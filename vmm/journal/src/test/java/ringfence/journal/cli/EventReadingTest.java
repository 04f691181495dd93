package ringfence.journal.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.journal.JournalEvent;
import ringfence.journal.RingWriter;
import ringfence.linux.Linux;
import ringfence.option.Json;
import ringfence.option.JsonReader;

/** What {@code ringfence events} prints, and of what. */
class EventReadingTest {
    private static final EventFilter ALL = new EventFilter(List.of(), Long.MIN_VALUE, Set.of(), Set.of());

    @TempDir
    Path folder;

    private static EventFilter filter(Set<String> devices, Set<String> kinds) {
        return new EventFilter(List.of(), Long.MIN_VALUE, devices, kinds);
    }

    private List<Json.Obj> print(EventFilter filter) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (EventReading reading =
                new EventReading(Linux.system(), folder.resolve("rings"), folder.resolve("store"), filter)) {
            reading.printAll(new PrintStream(bytes, false, StandardCharsets.UTF_8));
        }
        List<Json.Obj> lines = new ArrayList<>();
        bytes.toString(StandardCharsets.UTF_8).lines().forEach(line -> lines.add((Json.Obj) JsonReader.read(line)));
        return lines;
    }

    private List<String> names(EventFilter filter) throws IOException {
        return print(filter).stream()
                .map(event -> ((Json.Str) event.get("event")).text())
                .toList();
    }

    @Test
    void anEventIsALineInTheTermsOfTheEventMonitor() throws Exception {
        JournalEvent event = new JournalEvent(
                1_000_000_002L, 0, 0, "ringfence", "device-lost", new TreeMap<>(java.util.Map.of("id", "d\u001b[0m\u202e\n")));
        assertThat(EventLine.of("vm-1-a", event))
                .isEqualTo("{\"time\":\"1970-01-01T00:00:00Z\",\"vm\":\"vm-1-a\","
                        + "\"timestamp\":{\"secs\":1,\"nanos\":2},\"source\":\"ringfence\","
                        + "\"event\":\"device-lost\",\"properties\":{\"id\":\"d [0m? \"}}");
    }

    @Test
    void filtersByVmDeviceAndKind() throws Exception {
        Path rings = folder.resolve("rings");
        try (RingWriter one = RingWriter.create(Linux.system(), rings, "/run/one.sock")) {
            Thread.sleep(2);
            try (RingWriter two = RingWriter.create(Linux.system(), rings, "")) {
                one.record("vm", "booted", List.of());
                two.record("ringfence", "device-lost", List.of("id", "d0", "reason", "r"));
                Thread.sleep(2);
                one.record("virtio-device", "activated", List.of("id", "d1"));
                assertThat(names(ALL)).as("by their time").hasSize(3).last().isEqualTo("activated");
                assertThat(names(filter(Set.of("d0"), Set.of()))).containsExactly("device-lost");
                assertThat(names(filter(Set.of(), Set.of("vm", "activated")))).containsExactly("booted", "activated");
                assertThat(names(filter(Set.of("d1"), Set.of("vm")))).isEmpty();
                EventFilter byLabel = new EventFilter(List.of("/run/one.sock"), 0, Set.of(), Set.of());
                assertThat(names(byLabel)).containsExactly("booted", "activated");
                String pid = Long.toString(ProcessHandle.current().pid());
                assertThat(names(new EventFilter(List.of(pid), 0, Set.of(), Set.of()))).hasSize(3);
                String name = ((Json.Str) print(filter(Set.of("d0"), Set.of())).getFirst().get("vm")).text();
                assertThat(names(new EventFilter(List.of(name), 0, Set.of(), Set.of()))).containsExactly("device-lost");
                assertThat(names(new EventFilter(List.of(), System.currentTimeMillis() + 1000, Set.of(), Set.of())))
                        .isEmpty();
            }
        }
    }

    @Test
    void whatIsMissingIsToldWhereItIs() throws Exception {
        try (RingWriter ring = RingWriter.create(Linux.system(), folder.resolve("rings"), "")) {
            while (ring.record("vm", "x", List.of())) {}
        }
        Json.Obj last = print(filter(Set.of(), Set.of("nothing"))).getLast();
        assertThat(last.get("event")).isEqualTo(new Json.Str("events-lost"));
        assertThat(last.get("properties").toString()).isEqualTo("{\"count\":\"1\"}");
    }

    @Test
    void sinceIsATimeAgoOrAMoment() {
        assertThat(EventFilter.since(Optional.of("10m"), 1_000_000)).isEqualTo(400_000);
        assertThat(EventFilter.since(Optional.of("1970-01-01T00:00:07Z"), 1_000_000)).isEqualTo(7000);
        assertThat(EventFilter.since(Optional.empty(), 5)).isEqualTo(Long.MIN_VALUE);
        assertThatThrownBy(() -> EventFilter.since(Optional.of("yesterday"), 0)).hasMessageStartingWith("--since is");
    }

    @Test
    void amountsHaveUnits() {
        assertThat(Amounts.time("--x", "2d")).isEqualTo(Duration.ofDays(2));
        assertThat(Amounts.bytes("--x", "64M")).isEqualTo(64L << 20);
        for (String wrong : List.of("", "5", "0s", "5M", "-1h", "1 h")) {
            assertThatThrownBy(() -> Amounts.time("--x", wrong)).hasMessageStartingWith("--x is");
        }
        assertThatThrownBy(() -> Amounts.bytes("--x", "5m")).hasMessageStartingWith("--x is");
    }
}
