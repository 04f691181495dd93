package ringfence.vmm.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Received;

/**
 * vm.add-net with descriptors, as Kata's drivers and libvirt send it: over one connection, with the first bytes. What
 * stays open is counted in this process, which is the VMM.
 */
@Timeout(60)
class HandedNetTest {
    private static final String VM = "{\"payload\":{\"kernel\":\"/k\"},\"cpus\":{\"boot_vcpus\":4,\"max_vcpus\":4}}";
    /** What Kata's generated client says of a device whose taps it sends. */
    private static final String NET = "{\"ip\":\"192.168.249.1\",\"mask\":\"255.255.255.0\",\"iommu\":false,"
            + "\"queue_size\":256,\"vhost_user\":false,\"vhost_mode\":\"Client\",\"offload_tso\":true,"
            + "\"offload_ufo\":true,\"offload_csum\":true,\"mac\":\"02:00:00:00:00:01\",\"num_queues\":";

    @TempDir
    Path folder;

    private final Linux linux = Linux.system();
    private final List<Fd> taps = new ArrayList<>();
    private TestServer server;
    private Fd client;
    private long open;

    @BeforeEach
    void connect() throws Exception {
        server = TestServer.start(folder, ApiLimits.of(1024));
        for (int i = 0; i < 4; i++) {
            taps.add(linux.files().open("/dev/null", OpenFlag.RDWR)); // as good a character device as a tap's
        }
        server.ask("PUT", "vm.create", VM);
        client = linux.sockets().connect(folder.resolve("api").toString());
        assertThat(ask("GET", "vmm.ping", "")).startsWith("HTTP/1.1 200 ");
        ask("PUT", "vm.add-net", NET + "2}", taps(1)); // what is loaded first of all may open files
        ask("PUT", "vm.add-net", "no JSON", taps(1));
        ask("PUT", "vm.remove-device", "{\"id\":\"_net0\"}");
        open = open();
    }

    @AfterEach
    void end() throws Exception {
        client.close();
        taps.forEach(Fd::close);
        server.close();
    }

    private static long open() throws IOException {
        try (Stream<Path> fds = Files.list(Path.of("/proc/self/fd"))) {
            return fds.count();
        }
    }

    private void send(String text, Fd... fds) {
        try (Arena arena = Arena.ofConfined()) {
            byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
            assertThat(linux.sockets().send(client, arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes), fds))
                    .isEqualTo(bytes.length);
        }
    }

    private String answer() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment into = arena.allocate(1 << 16);
            Received received = linux.sockets().receive(client, into);
            byte[] bytes = new byte[(int) received.bytes()];
            MemorySegment.copy(into, ValueLayout.JAVA_BYTE, 0, bytes, 0, bytes.length);
            return new String(bytes, StandardCharsets.UTF_8);
        }
    }

    private String ask(String method, String endpoint, String body, Fd... fds) {
        send(
                method + " /api/v1/" + endpoint + " HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n"
                        + "Content-Type: application/json\r\nContent-Length: " + body.length() + "\r\n\r\n" + body,
                fds);
        return answer();
    }

    private Fd[] taps(int count) {
        return taps.subList(0, count).toArray(Fd[]::new);
    }

    private void awaitOpen(long wanted) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
        while (open() != wanted && System.nanoTime() < deadline) {
            Thread.sleep(5);
        }
        assertThat(open()).as("open descriptors").isEqualTo(wanted);
    }

    @Test
    void aDeviceKeepsItsTapUntilItIsRemoved() throws Exception {
        String answer = ask("PUT", "vm.add-net", NET + "2}", taps(1));
        assertThat(answer).startsWith("HTTP/1.1 204 ").endsWith("\r\n\r\n");
        awaitOpen(open + 1);
        assertThat(ask("GET", "vm.info", "")).contains("\"fds\":[").doesNotContain("192.168.249.1");
        assertThat(ask("PUT", "vm.remove-device", "{\"id\":\"_net0\"}")).startsWith("HTTP/1.1 204 ");
        awaitOpen(open);
    }

    @Test
    void aRequestInThreePartsWithItsTapsOnTheFirst() throws Exception {
        String body = "{\"id\":null,\"tap\":null,\"num_queues\":8}";
        send("PUT /api/v1/vm.add-net HTTP/1.1\r\nHost: localhost\r\n", taps(4));
        Thread.sleep(20);
        send("Content-Length: " + body.length() + "\r\n\r\n");
        Thread.sleep(20);
        send(body);
        assertThat(answer()).startsWith("HTTP/1.1 204 ");
        awaitOpen(open + 4);
        assertThat(ask("PUT", "vm.delete", "")).startsWith("HTTP/1.1 204 ");
        awaitOpen(open);
    }

    @Test
    void whatIsRefusedLeavesNothingOpen() throws Exception {
        assertThat(ask("PUT", "vm.add-net", NET + "4}", taps(1)))
                .startsWith("HTTP/1.1 400 ")
                .contains("1 descriptors are for num_queues=2, not 4");
        assertThat(ask("PUT", "vm.add-net", NET + "2}", taps(3))).startsWith("HTTP/1.1 400 ");
        assertThat(ask("PUT", "vm.add-net", "{\"fds\":[7]}", taps(1))).startsWith("HTTP/1.1 400 ");
        assertThat(ask("PUT", "vm.add-net", "{\"fds\":[7]}")).startsWith("HTTP/1.1 400 ");
        assertThat(ask("PUT", "vm.add-net", "{\"tap\":\"t\"}", taps(1))).startsWith("HTTP/1.1 400 ");
        assertThat(ask("PUT", "vm.add-net", "{\"id\":\"__x\"}", taps(1)))
                .as("the owner refuses the name")
                .startsWith("HTTP/1.1 400 ");
        assertThat(ask("PUT", "vm.add-net", "no JSON", taps(1))).startsWith("HTTP/1.1 400 ");
        assertThat(ask("GET", "vmm.ping", "", taps(2))).startsWith("HTTP/1.1 200 ");
        try (Fd file =
                linux.files().open(Files.writeString(folder.resolve("f"), "").toString(), OpenFlag.RDONLY)) {
            assertThat(ask("PUT", "vm.add-net", NET + "2}", file)).contains("is no tap");
        }
        assertThat(ask("PUT", "vm.delete", "")).startsWith("HTTP/1.1 204 ");
        assertThat(ask("PUT", "vm.add-net", NET + "2}", taps(1))).startsWith("HTTP/1.1 404 ");
        awaitOpen(open);
    }

    @Test
    void aClientThatLeavesInTheMiddleLeavesNothingOpen() throws Exception {
        send("PUT /api/v1/vm.add-net HTTP/1.1\r\n", taps(4));
        awaitOpen(open + 4);
        client.close();
        awaitOpen(open - 2); // both ends
    }

    @Test
    void moreThanAnyDeviceHasEndTheConnection() throws Exception {
        for (int i = 0; i < 17; i++) {
            send("x", taps(4));
        }
        assertThat(answer()).startsWith("HTTP/1.1 400 ").contains("more than 64 descriptors");
        awaitOpen(open - 1);
    }
}
