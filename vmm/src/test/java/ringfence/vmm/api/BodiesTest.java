package ringfence.vmm.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.process.Program;
import ringfence.vmm.event.Event;
import ringfence.vmm.event.EventSink;
import ringfence.vmm.event.ToldEvents;

/** What is wrong with a body is 400, with the member's path, as a JSON list of texts. */
class BodiesTest {
    private static final String KERNEL = "{'payload':{'kernel':'/k'},";

    @TempDir
    Path folder;

    /** What is logged of unknown members is not for the standard error of the next test. */
    @AfterEach
    void dropsTheLog() {
        Program.run("test", new PrintStream(OutputStream.nullOutputStream()), () -> 0);
    }

    private HttpResponse put(String endpoint, byte[] body) throws Exception {
        try (TestServer server = TestServer.start(folder, ApiLimits.of(1024))) {
            return server.endpoints
                    .answer(new HttpRequest("PUT", "/api/v1/" + endpoint, body, true, List.of()))
                    .get();
        }
    }

    private HttpResponse put(String endpoint, String body) throws Exception {
        return put(endpoint, body.replace('\'', '"').getBytes(StandardCharsets.UTF_8));
    }

    private static void assertRefused(HttpResponse answer, String words) {
        assertThat(answer.status()).as(answer.json()).isEqualTo(400);
        assertThat(JsonReader.read(answer.json())).isInstanceOfSatisfying(Json.Arr.class, list -> {
            assertThat(list.items()).isNotEmpty().allMatch(Json.Str.class::isInstance);
            assertThat(((Json.Str) list.items().getFirst()).text()).contains(words);
        });
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "'cpus':{'boot_vcpus':'2','max_vcpus':2} | cpus.boot_vcpus is a text, a whole number is needed",
                "'cpus':{'boot_vcpus':1.5,'max_vcpus':2} | cpus.boot_vcpus is 1.5, no whole number",
                "'cpus':{'boot_vcpus':1e2,'max_vcpus':2} | cpus.boot_vcpus is 1e2, no whole number",
                "'cpus':{'boot_vcpus':-1,'max_vcpus':2} | cpus.boot_vcpus is -1, 1 to",
                "'cpus':{'boot_vcpus':4294967297,'max_vcpus':2} | cpus.boot_vcpus is 4294967297, 1 to",
                "'memory':{'size':99999999999999999999} | memory.size is 99999999999999999999, out of range",
                "'memory':{'size':-4096} | memory.size is -4096",
                "'memory':{'size':4096,'shared':'on'} | memory.shared is a text, true or false is needed",
                "'memory':[] | memory is a list, an object is needed",
                "'disks':{} | disks is an object, a list is needed",
                "'disks':[{'path':'/a'},{'path':7}] | disks[1].path is a number, a text is needed",
                "'disks':[{'path':'/a','queue_size':[]}] | disks[0].queue_size is a list",
                "'net':[{'mac':'zz'}] | net[0].mac ",
                "'net':[{'rate_limiter_config':{'bandwidth':{'size':'x'}}}] |"
                        + " net[0].rate_limiter_config.bandwidth.size is a text",
                "'fs':[{'path':'/srv'}] | fs[0] lacks tag",
                "'serial':{'mode':'Loud'} | serial.mode is 'Loud', none of",
                "'serial':{'mode':'Off','mode':'Tty'} | a name for the second time in serial.mode at character",
                "'memory':{'size':01} | in memory",
                "'memory':{'size':1,} | no name in memory",
                "'memory':{'size':nul} | an unknown word in memory.size at character",
            })
    void theMemberIsNamed(String members, String words) throws Exception {
        assertRefused(put("vm.create", KERNEL + members + "}"), words.replace('\'', '"'));
    }

    @Test
    void nestingAndTheNumberOfValuesAreBounded() throws Exception {
        assertRefused(put("vm.create", "[".repeat(100_000)), "nested deeper than 64");
        assertRefused(put("vm.create", "{'x':" + "{'y':".repeat(100)), "nested deeper than 64 in x.y.y");
        assertRefused(put("vm.create", "{'x':[" + "0,".repeat(100_000) + "0]}"), "more than 65536 values in x[65534]");
        assertRefused(
                put("vm.create", KERNEL + "'memory':{'size':" + "9".repeat(1 << 20) + "}}"), "999..., out of range");
    }

    @Test
    void aBodyIsOneValueOfUtf8() throws Exception {
        assertRefused(put("vm.create", ""), "is missing");
        assertRefused(put("vm.create", "{} {}"), "text after the value");
        byte[] bytes = "{\"payload\":{\"kernel\":\"/\u00ff\"}}".getBytes(StandardCharsets.ISO_8859_1);
        assertRefused(put("vm.create", bytes), "is not UTF-8");
        String replaced = "{'payload':{'kernel':'/\ufffd'}}";
        assertThat(put("vm.create", replaced).status()).as("sent as such").isEqualTo(204);
    }

    @Test
    void membersThatNobodyKnowsAreAnEvent() throws Exception {
        List<Event> told = new CopyOnWriteArrayList<>();
        EventSink events = new ToldEvents(told);
        try (TestServer server = TestServer.start(folder, ApiLimits.of(1024), events)) {
            server.ask("PUT", "vm.create", KERNEL.replace('\'', '"') + "\"colour\":1,\"memory\":{\"x\":[1]}}");
        }
        assertThat(told).contains(new Event.UnknownMembers("/api/v1/vm.create", "colour, memory.x"));
    }

    /** What is taken and has no effect yet is told as well over the API as on a command line. */
    private static final String THEIRS = " has no effect with vhost_user=on: it is the daemon's own";

    @Test
    void whatHasNoEffectIsAnEvent() throws Exception {
        List<Event> told = new CopyOnWriteArrayList<>();
        try (TestServer server = TestServer.start(folder, ApiLimits.of(1024), new ToldEvents(told))) {
            String machine = KERNEL + "'cpus':{'boot_vcpus':1,'max_vcpus':4},'memory':{'size':4096,'reserve':true}}";
            assertThat(server.ask("PUT", "vm.create", machine.replace('\'', '"')))
                    .startsWith("HTTP/1.1 204");
            String disk = "{'vhost_user':true,'vhost_socket':'/d','id':'d','sparse':false,'lock_granularity':'Full'}";
            assertThat(server.ask("PUT", "vm.add-disk", disk.replace('\'', '"')))
                    .startsWith("HTTP/1.1 204");
            assertThat(server.ask("PUT", "vm.add-disk", disk.replace('\'', '"').replace("\"id\":\"d\",", "")))
                    .startsWith("HTTP/1.1 204");
        }
        assertThat(told)
                .contains(
                        new Event.Unheeded(
                                "/api/v1/vm.create",
                                "--cpus max above boot has no effect yet; --memory reserve without hugepages=on has no"
                                        + " effect yet"),
                        new Event.Unheeded(
                                "/api/v1/vm.add-disk",
                                "--disk d lock_granularity=full" + THEIRS + "; --disk d sparse=off" + THEIRS),
                        new Event.Unheeded(
                                "/api/v1/vm.add-disk",
                                "--disk lock_granularity=full" + THEIRS + "; --disk sparse=off" + THEIRS));
    }

    @Test
    void whatAsksForAChangeIsAnEventWithItsOutcomeAndAReadIsNone() throws Exception {
        List<Event> told = new CopyOnWriteArrayList<>();
        try (TestServer server = TestServer.start(folder, ApiLimits.of(1024), new ToldEvents(told))) {
            server.ask("PUT", "vm.create", KERNEL.replace('\'', '"') + "\"memory\":{}}");
            server.ask("PUT", "vm.create", "[]");
            server.ask("GET", "vm.info", "");
        }
        assertThat(told.stream().filter(Event.ApiCalled.class::isInstance).map(Event.ApiCalled.class::cast))
                .allMatch(call -> call.method().equals("PUT") && call.endpoint().equals("/api/v1/vm.create"))
                .allMatch(call -> call.nanos() >= 0)
                .extracting(Event.ApiCalled::status)
                .containsExactly(204, 400);
    }

    @Test
    void membersThatNobodyKnowsAreFoundWithTheirPaths() {
        String body = KERNEL
                + "'colour':1,'iommu':false,'tpm':null,'disks':[{'path':'/a'},{'path':'/b','smell':{'bad':[{}]}}],'memory':{'size':4096,"
                + "'x':[1]}}";
        Json.Obj object = (Json.Obj) JsonReader.read(body.replace('\'', '"'));
        assertThat(ringfence.vmm.config.VmConfig.TABLE.unknown(object))
                .containsExactly("colour", "disks[1].smell", "memory.x");
    }
}
