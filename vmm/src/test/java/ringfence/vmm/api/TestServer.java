package ringfence.vmm.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import ringfence.linux.Linux;
import ringfence.process.Log;
import ringfence.sandbox.FilterMode;
import ringfence.vmm.config.HostLimits;
import ringfence.vmm.config.Problem;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.event.EventSink;
import ringfence.vmm.machine.Admission;
import ringfence.vmm.machine.Vmm;

/** The API of a VMM in this process, whose owner works or, for a change that takes long, does not. */
public final class TestServer implements AutoCloseable {
    final Endpoints endpoints;
    private final Path socket;
    private final ApiServer server;
    private final Vmm vmm;
    private final Thread owner;

    private TestServer(Path folder, ApiLimits limits, EventSink events, boolean works) {
        vmm = new Vmm(
                Linux.system(),
                new RuntimeOptions(folder, false, FilterMode.TRUE, Optional.empty(), Optional.empty()),
                new AnyHost(),
                events,
                Log.of("machine"),
                () -> {});
        endpoints = new Endpoints(Linux.system(), vmm.proxy(), Optional.empty(), "v0");
        socket = folder.resolve("api");
        server = ApiServer.at(Linux.system(), socket.toString(), endpoints, limits);
        owner = Thread.ofPlatform().daemon().name("machine").unstarted(this::own);
        if (works) {
            owner.start();
        }
    }

    /** One whose owner does what is asked, at the socket {@code api} of that folder. */
    public static TestServer start(Path folder) {
        return start(folder, ApiLimits.of(1024));
    }

    /** The same, with other limits. */
    static TestServer start(Path folder, ApiLimits limits) {
        return start(folder, limits, EventSink.NONE);
    }

    /** The same, and these are told what happens. */
    static TestServer start(Path folder, ApiLimits limits, EventSink events) {
        return new TestServer(folder, limits, events, true);
    }

    /** One whose owner is busy with something that never ends. */
    static TestServer busy(Path folder, ApiLimits limits) {
        return new TestServer(folder, limits, EventSink.NONE, false);
    }

    private void own() {
        try {
            vmm.run();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private record AnyHost() implements Admission {
        @Override
        public VmConfig complete(VmConfig config) {
            return config.addressed(() -> 1L);
        }

        @Override
        public List<Problem> problems(VmConfig config) {
            return config.problems(new HostLimits(64, 1L << 40));
        }

        @Override
        public List<Problem> problemsHere(VmConfig config) {
            return List.of();
        }
    }

    /** Asks owner and API for signs of life. */
    void askForSigns(Runnable ofOwner, Runnable ofApi) {
        assertThat(vmm.proxy().askForSign(ofOwner)).isTrue();
        server.askForSign(ofApi);
    }

    /** A client that has sent this. */
    SocketChannel client(String bytes) throws IOException {
        SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
        channel.connect(UnixDomainSocketAddress.of(socket));
        channel.write(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)));
        return channel;
    }

    /** Whole requests. */
    static String request(String method, String endpoint, String body) {
        return method + " /api/v1/" + endpoint + " HTTP/1.1\r\nConnection: close\r\nContent-Length: " + body.length()
                + "\r\n\r\n" + body;
    }

    /** All that comes until the server ends the connection. */
    static String all(SocketChannel channel) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(1 << 16);
        while (channel.read(bytes) >= 0) {
            // to its end
        }
        return new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
    }

    /** Asks, on a connection of its own. */
    String ask(String method, String endpoint, String body) throws IOException {
        try (SocketChannel channel = client(request(method, endpoint, body))) {
            return all(channel);
        }
    }

    @Override
    public void close() {
        vmm.proxy().shutDownVmm("the test ends");
        server.close();
        try {
            owner.join(10_000);
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
