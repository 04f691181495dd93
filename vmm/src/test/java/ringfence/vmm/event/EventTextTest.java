package ringfence.vmm.event;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.option.Json;
import ringfence.option.JsonReader;

/** Cloud Hypervisor's format, to the byte, and what its readers stumble over. */
class EventTextTest {
    private static String text(long nanos, Event event) {
        return new String(EventText.of(nanos, event), StandardCharsets.UTF_8);
    }

    private static Json.Obj read(Event event) {
        return (Json.Obj) JsonReader.read(text(0, event));
    }

    @Test
    void anEventWithoutPropertiesSaysNull() {
        assertThat(text(29_228_206, Event.Vm.BOOTED)).isEqualTo("""
            {
              "timestamp": {
                "secs": 0,
                "nanos": 29228206
              },
              "source": "vm",
              "event": "booted",
              "properties": null
            }

            """);
    }

    @Test
    void propertiesAreTexts() {
        assertThat(text(61_000_000_007L, new Event.DeviceRemoved("_disk0", "0000:00:04.0")))
                .isEqualTo("""
                    {
                      "timestamp": {
                        "secs": 61,
                        "nanos": 7
                      },
                      "source": "vm",
                      "event": "device-removed",
                      "properties": {
                        "bdf": "0000:00:04.0",
                        "id": "_disk0"
                      }
                    }

                    """);
    }

    private static Stream<Arguments> events() {
        return Stream.of(
                Arguments.of(Event.Vmm.STARTING, "vmm", "starting", null),
                Arguments.of(Event.Vmm.SHUTDOWN, "vmm", "shutdown", null),
                Arguments.of(Event.Vm.BOOTING, "vm", "booting", null),
                Arguments.of(new Event.VcpuCreated(3), "cpu_manager", "create_vcpu", Json.object("id", "3")),
                Arguments.of(Event.Vm.PAUSING, "vm", "pausing", null),
                Arguments.of(Event.Vm.PAUSED, "vm", "paused", null),
                Arguments.of(Event.Vm.RESUMING, "vm", "resuming", null),
                Arguments.of(Event.Vm.RESUMED, "vm", "resumed", null),
                Arguments.of(Event.Vm.REBOOTING, "vm", "rebooting", null),
                Arguments.of(Event.Vm.REBOOTED, "vm", "rebooted", null),
                Arguments.of(Event.Vm.SHUTDOWN, "vm", "shutdown", null),
                Arguments.of(Event.Vm.DELETED, "vm", "deleted", null),
                Arguments.of(Event.GuestPanic.PANIC, "guest", "panic", Json.object("event", "panic")),
                Arguments.of(Event.GuestPanic.CRASH_LOADED, "guest", "panic", Json.object("event", "crash_loaded")),
                Arguments.of(
                        new Event.DeviceActivated("__rng"), "virtio-device", "activated", Json.object("id", "__rng")),
                Arguments.of(new Event.DeviceReset("_net0"), "virtio-device", "reset", Json.object("id", "_net0")),
                Arguments.of(
                        new Event.DeviceLost("_disk0", "it has gone"),
                        "ringfence",
                        "device-lost",
                        Json.object("id", "_disk0", "reason", "it has gone")),
                Arguments.of(
                        new Event.DeviceReconnecting("_disk0", "nobody listens"),
                        "ringfence",
                        "device-reconnecting",
                        Json.object("id", "_disk0", "reason", "nobody listens")),
                Arguments.of(
                        new Event.DeviceReconnected("_disk0", 42, 1_234_567),
                        "ringfence",
                        "device-reconnected",
                        Json.object("gap_us", "1234", "id", "_disk0", "pid", "42")),
                Arguments.of(
                        new Event.DeviceRefused("_fs0", "no"),
                        "ringfence",
                        "device-refused",
                        Json.object("id", "_fs0", "reason", "no")),
                Arguments.of(
                        new Event.MachineFailed("why"), "ringfence", "machine-failed", Json.object("reason", "why")),
                Arguments.of(
                        new Event.UnknownMembers("/api/v1/vm.create", "colour"),
                        "ringfence",
                        "unknown-members",
                        Json.object("endpoint", "/api/v1/vm.create", "members", "colour")),
                Arguments.of(
                        new Event.Unheeded("/api/v1/vm.create", "--memory reserve has no effect yet"),
                        "ringfence",
                        "no-effect",
                        Json.object("endpoint", "/api/v1/vm.create", "options", "--memory reserve has no effect yet")),
                Arguments.of(new Event.EventsLost(17), "ringfence", "events-lost", Json.object("count", "17")));
    }

    /** The first ones are Cloud Hypervisor's; ours have a source of their own. */
    @ParameterizedTest
    @MethodSource("events")
    void sourceNameAndProperties(Event event, String source, String name, Json.Obj properties) {
        Json.Obj read = read(event);
        assertThat(read.members()).containsOnlyKeys("timestamp", "source", "event", "properties");
        assertThat(read.get("source")).isEqualTo(new Json.Str(source));
        assertThat(read.get("event")).isEqualTo(new Json.Str(name));
        assertThat(read.get("properties")).isEqualTo(properties == null ? Json.Null.NULL : properties);
    }

    /** libvirt counts braces without a look at quotes; other parsers refuse NUL and halves of surrogate pairs. */
    @Test
    void nothingInATextDisturbsASimpleReader() {
        String reason = "a \"b\\c\" {d} e\n\0f \ud800 g \ud83d\ude00";
        Event event = new Event.MachineFailed(reason);
        assertThat(text(0, event)).contains("\"a \\\"b\\\\c\\\" \\u007bd\\u007d e  f ? g \ud83d\ude00\"");
        Json.Obj properties = (Json.Obj) read(event).get("properties");
        assertThat(properties.get("reason")).isEqualTo(new Json.Str("a \"b\\c\" {d} e  f ? g \ud83d\ude00"));
    }

    /** A pipe takes PIPE_BUF bytes whole or not at all. */
    @ParameterizedTest
    @MethodSource("longTexts")
    void anEventIsNeverLongerThanAPipeTakesAtOnce(String text) {
        Event event = new Event.DeviceLost(text, text);
        assertThat(EventText.of(Long.MAX_VALUE, event)).hasSizeBetween(1000, 4096);
        Json.Obj properties = (Json.Obj) read(event).get("properties");
        assertThat(((Json.Str) properties.get("reason")).text()).endsWith("...").startsWith(text.substring(0, 100));
    }

    private static Stream<String> longTexts() {
        return Stream.of(
                "x".repeat(100_000), "{".repeat(100_000), "\ud83d\ude00".repeat(50_000), "x" + "\u20ac".repeat(9_999));
    }
}
