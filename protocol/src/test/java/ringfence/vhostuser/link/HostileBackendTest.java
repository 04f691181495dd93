package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.vhostuser.Header;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.link.PeerException.Disposition;

/** A back-end that lies: the front-end ends each call at its deadline, maps nothing, leaks nothing. Row 31. */
@Timeout(60)
class HostileBackendTest {
    private static final long DEADLINE = TimeUnit.MILLISECONDS.toNanos(200);

    private final Linux linux = Linux.system();
    private RawPeer peer;
    private Frontend frontend;
    private EventFd event;
    private long before;

    @BeforeEach
    void connect() {
        before = Descriptors.open();
        Fd[] pair = linux.sockets().pair();
        peer = new RawPeer(linux, pair[1]);
        frontend = Frontend.over(linux, pair[0], FrontendOptions.defaults().withDeadlines(DEADLINE, DEADLINE));
        event = linux.events().eventFd();
    }

    @AfterEach
    void nothingLeaks() {
        frontend.close();
        peer.close();
        event.close();
        assertThat(Descriptors.open()).isEqualTo(before);
    }

    /** The answers to SET_OWNER's successors, given in advance. */
    private void offers(long features, long protocolFeatures) {
        reply(1, number(features));
        reply(15, number(protocolFeatures));
    }

    private void reply(int code, byte[] payload, Fd... fds) {
        peer.send(code, 5, payload.length, payload, fds);
    }

    private static byte[] number(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .array();
    }

    private static void fails(ThrowingCallable call, Disposition disposition, String reason) {
        assertThatThrownBy(call)
                .isInstanceOfSatisfying(
                        PeerException.class, e -> assertThat(e.disposition()).isEqualTo(disposition))
                .hasMessageContaining(reason);
    }

    @Test
    void noAnswer() {
        long begin = System.nanoTime();
        fails(() -> frontend.hello(0), Disposition.RECONNECT, "does not answer in time");
        assertThat(System.nanoTime() - begin).isBetween(DEADLINE, 20 * DEADLINE);
    }

    @Test
    void aByteNowAndThenDoesNotMoveTheDeadline() throws InterruptedException {
        Thread dribble = Thread.ofPlatform().start(() -> {
            for (int i = 0; i < 11; i++) {
                peer.bytes(new byte[] {i == 0 || i == 4 ? (byte) (i == 0 ? 1 : 5) : 0});
                sleep(50);
            }
        });
        long begin = System.nanoTime();
        fails(() -> frontend.hello(0), Disposition.RECONNECT, "does not answer in time");
        assertThat(System.nanoTime() - begin).isLessThan(20 * DEADLINE);
        dribble.join();
    }

    private static void sleep(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void itHangsUp() {
        linux.sockets().shutdown(peer.socket());
        fails(() -> frontend.hello(0), Disposition.RECONNECT, "closed");
        fails(frontend::poll, Disposition.RECONNECT, "closed");
    }

    @Test
    void theAnswerToAnotherQuestion() {
        reply(2, number(0));
        fails(() -> frontend.hello(0), Disposition.RECONNECT, "no reply to GET_FEATURES");
    }

    @Test
    void anAnswerThatIsNone() {
        peer.send(1, 1, 8, new byte[8]);
        fails(() -> frontend.hello(0), Disposition.RECONNECT, "no reply to GET_FEATURES");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4, 7, 9, 4084})
    void anAnswerOfAnotherLength(int size) {
        reply(1, new byte[size]);
        fails(() -> frontend.hello(0), Disposition.RECONNECT, "payload");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 8, 9, 253})
    void descriptorsNobodyAskedFor(int count) {
        Fd[] fds = new Fd[count];
        Arrays.fill(fds, event.fd());
        reply(1, number(0), fds);
        fails(() -> frontend.hello(0), Disposition.RECONNECT, "descriptors");
    }

    @ParameterizedTest
    @ValueSource(longs = {0, 257, 65535, -1})
    void aNumberOfQueuesThatCannotBe(long queues) {
        offers(1L << 30, ProtocolFeature.MQ.mask());
        reply(17, number(queues));
        fails(() -> frontend.hello(ProtocolFeature.MQ.mask()), Disposition.FATAL, "queues");
    }

    @Test
    void featuresThatAreNotOffered() {
        offers(1L << 30 | 1, 0);
        frontend.hello(0);
        fails(() -> frontend.features(2), Disposition.FATAL, "does not offer");
    }

    @Test
    void protocolFeaturesBeyondThoseAskedForAreNotTaken() {
        offers(1L << 30, -1L);
        assertThat(frontend.hello(ProtocolFeature.CONFIG.mask()).protocolFeatures())
                .isEqualTo(ProtocolFeature.CONFIG.mask());
    }

    @Test
    void configurationOfAnotherLength() {
        offers(1L << 30, ProtocolFeature.CONFIG.mask());
        frontend.hello(ProtocolFeature.CONFIG.mask());
        byte[] answer = new byte[12 + 3];
        answer[4] = 3;
        reply(24, answer);
        fails(() -> frontend.config(0, 4), Disposition.RECONNECT, "answers 3 bytes");
        reply(24, new byte[0]);
        fails(() -> frontend.config(0, 4), Disposition.RECONNECT, "answers 0 bytes");
    }

    @Test
    void anInflightRegionWithoutADescriptor() {
        offers(1L << 30, ProtocolFeature.INFLIGHT_SHMFD.mask());
        frontend.hello(ProtocolFeature.INFLIGHT_SHMFD.mask());
        byte[] area = new byte[24];
        area[1] = 1;
        reply(31, area);
        fails(() -> frontend.newInflight(1, 64), Disposition.RECONNECT, "no region");
        reply(31, new byte[24], event.fd());
        fails(() -> frontend.newInflight(1, 64), Disposition.RECONNECT, "no region");
    }

    @Test
    void aMessageUnasked() {
        frontend.poll();
        reply(1, number(0));
        fails(frontend::poll, Disposition.RECONNECT, "unasked");
    }

    @Test
    void aStormOnTheBackEndChannel() throws Exception {
        Fd[] pair = linux.sockets().pair();
        Channel ours = new Channel(linux, pair[0]);
        try (BackendChannel channel = new BackendChannel(ours, new Conversation(ours), FrontendOptions.defaults());
                RawPeer storm = new RawPeer(linux, pair[1])) {
            Thread sender = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 3000; i++) {
                    storm.send(9, 1, 40, new byte[40], event.fd());
                }
            });
            // not negotiated: the first is one too many
            assertThatThrownBy(() -> {
                        while (true) {
                            channel.poll(() -> {});
                        }
                    })
                    .isInstanceOf(PeerException.class);
            linux.sockets().shutdown(pair[0]);
            sender.join();
        }
    }

    /** Nobody has said how long it is: what is beyond its end is refused, without an end of the connection. */
    @ParameterizedTest
    @ValueSource(ints = {0, 1, 10, 136, 255, 256})
    void aConfigurationSpaceIsReadToItsEnd(int there) throws Exception {
        offers(1L << 30 | 1L << 32, ProtocolFeature.CONFIG.mask());
        frontend.hello(ProtocolFeature.CONFIG.mask());
        assertThat(peer.receive(1000))
                .as("three questions and a set of features")
                .hasSize(4 * Header.SIZE + 8);
        Thread answers = Thread.ofPlatform().start(() -> {
            byte[] request;
            while ((request = peer.receive(Header.SIZE + 12 + 256)).length > 0) {
                int size =
                        ByteBuffer.wrap(request).order(ByteOrder.LITTLE_ENDIAN).getInt(Header.SIZE + 4);
                byte[] config = new byte[size <= there ? 12 + size : 0];
                if (config.length > 0) {
                    ByteBuffer.wrap(config).order(ByteOrder.LITTLE_ENDIAN).putInt(4, size);
                    config[11 + size] = (byte) size;
                }
                reply(24, config);
            }
        });
        byte[] read = frontend.configUpTo(256);
        assertThat(read).hasSize(there);
        assertThat(there == 0 ? 0 : read[there - 1]).isEqualTo((byte) there);
        linux.sockets().shutdown(frontend.socket());
        answers.join();
    }

    @Test
    void tooManyChangesOfTheConfiguration() throws Exception {
        Fd[] pair = linux.sockets().pair();
        Channel ours = new Channel(linux, pair[0]);
        Conversation agreed = new Conversation(ours);
        agreed.negotiated(agreed.negotiated().withProtocolFeatures(ProtocolFeature.CONFIG.mask()));
        try (BackendChannel channel = new BackendChannel(ours, agreed, FrontendOptions.defaults());
                RawPeer storm = new RawPeer(linux, pair[1])) {
            Thread sender = Thread.ofPlatform().start(() -> {
                for (int i = 0; i < 3000; i++) {
                    storm.send(2, 1, 0, new byte[0]);
                }
            });
            fails(
                    () -> {
                        while (true) {
                            channel.poll(() -> {});
                        }
                    },
                    Disposition.RECONNECT,
                    "more than 1000 requests in a second");
            linux.sockets().shutdown(pair[0]);
            sender.join();
        }
    }
}
