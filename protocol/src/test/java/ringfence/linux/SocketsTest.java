package ringfence.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SocketsTest {
    private final Linux linux = Linux.system();
    private final Sockets sockets = linux.sockets();
    private final Fd[] pair = sockets.pair();
    private final MemorySegment bytes = Arena.ofAuto().allocate(64);

    @TempDir
    Path directory;

    @AfterEach
    void closePair() {
        pair[0].close();
        pair[1].close();
    }

    static long openDescriptors() throws Exception {
        try (Stream<Path> fds = java.nio.file.Files.list(Path.of("/proc/self/fd"))) {
            return fds.count();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 8, 9, 100, 253})
    void carriesDescriptorsWithoutLosingOrLeakingOne(int count) throws Exception {
        try (Fd file = linux.memory().memfd("passed", 4096)) {
            long inode = linux.files().stat(file).inode();
            Fd[] sent = Stream.generate(() -> file).limit(count).toArray(Fd[]::new);
            long before = openDescriptors();
            bytes.set(ValueLayout.JAVA_INT, 0, 0x1234);
            assertThat(sockets.send(pair[0], bytes.asSlice(0, 12), sent)).isEqualTo(12);
            bytes.fill((byte) 0);
            Received received = sockets.receive(pair[1], bytes);
            assertThat(received.bytes()).isEqualTo(12);
            assertThat(received.truncated()).isFalse();
            assertThat(bytes.get(ValueLayout.JAVA_INT, 0)).isEqualTo(0x1234);
            assertThat(received.fds()).hasSize(count).allSatisfy(fd -> {
                assertThat(linux.files().stat(fd).inode()).isEqualTo(inode);
                assertThat(closeOnExec(fd)).isTrue();
            });
            assertThat(openDescriptors()).isEqualTo(before + count);
            received.closeAll();
            assertThat(openDescriptors()).isEqualTo(before);
        }
    }

    private boolean closeOnExec(Fd fd) {
        return linux.kernel().call(Syscall.FCNTL, fd.number(), 1 /* F_GETFD */, 0, 0, 0, 0) == 1;
    }

    /** An address is one socket's; who comes second with it is nobody in particular. */
    @Test
    void whoConnectsIsKnownByItsAddress() {
        String name = "test-" + ProcessHandle.current().pid() + "/one";
        String path = directory.resolve("s").toString();
        try (Fd listener = sockets.listen(path, 4)) {
            for (int round = 0; round < 2; round++) {
                try (Fd _ = sockets.connect(path, name);
                        Fd named = sockets.tryAccept(listener).orElseThrow();
                        Fd _ = sockets.connect(path, name);
                        Fd second = sockets.tryAccept(listener).orElseThrow();
                        Fd _ = sockets.connect(path);
                        Fd unnamed = sockets.tryAccept(listener).orElseThrow()) {
                    assertThat(sockets.peerName(named)).isEqualTo(name);
                    assertThat(sockets.peerName(second)).isEmpty();
                    assertThat(sockets.peerName(unnamed)).isEmpty();
                }
            }
        }
        assertThat(sockets.peerName(pair[0])).isEmpty();
    }

    @Test
    void refusesMoreDescriptorsThanTheKernelPasses() {
        Fd[] tooMany = Stream.generate(() -> pair[0]).limit(254).toArray(Fd[]::new);
        assertThatThrownBy(() -> sockets.send(pair[0], bytes, tooMany))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("254 descriptors");
    }

    @Test
    void closesAllThatCameWhenTheKernelTruncates() throws Exception {
        Fd[] sent = Stream.generate(() -> pair[0]).limit(100).toArray(Fd[]::new);
        Limit limit = linux.processes().openFiles();
        long before = openDescriptors();
        sockets.send(pair[0], bytes, sent);
        // no room for 100 more: the kernel installs those that fit and says MSG_CTRUNC
        linux.processes().openFiles(new Limit(highestDescriptor() + 40, limit.hard()));
        Received received;
        try {
            received = sockets.receive(pair[1], bytes);
        } finally {
            linux.processes().openFiles(limit);
        }
        assertThat(received.truncated()).isTrue();
        assertThat(received.fds()).isEmpty();
        assertThat(openDescriptors()).isEqualTo(before);
    }

    private static long highestDescriptor() throws Exception {
        try (Stream<Path> fds = java.nio.file.Files.list(Path.of("/proc/self/fd"))) {
            return fds.mapToLong(p -> Long.parseLong(p.getFileName().toString()))
                    .max()
                    .orElseThrow();
        }
    }

    @Test
    void endOfTheOtherSideIsZeroBytes() {
        pair[0].close();
        assertThat(sockets.receive(pair[1], bytes).bytes()).isZero();
        assertThat(sockets.send(pair[1], bytes)).isEqualTo(-Errno.EPIPE.number());
    }

    @Test
    void doesNotWaitWhereAskedNotTo() {
        assertThat(sockets.tryReceive(pair[1], bytes).bytes()).isEqualTo(-Errno.EAGAIN.number());
        assertThat(sockets.await(pair[1], Epoll.IN, 0)).isFalse();
    }

    @Test
    void aTimeoutEndsAReceive() {
        sockets.timeout(pair[1], 20, 20);
        assertThat(sockets.receive(pair[1], bytes).bytes()).isEqualTo(-Errno.EAGAIN.number());
    }

    @Test
    void listensConnectsAndTellsWhoTheOtherIs() {
        String path = directory.resolve("s").toString();
        try (Fd listener = sockets.listen(path, 4)) {
            assertThat(sockets.tryAccept(listener)).isEmpty();
            assertThat(sockets.isListener(listener)).isTrue();
            try (Fd client = sockets.connect(path);
                    Fd server = sockets.accept(listener)) {
                assertThat(sockets.isListener(server)).isFalse();
                assertThat(sockets.isUnixSocket(server)).isTrue();
                assertThat(sockets.peer(server).pid())
                        .isEqualTo(linux.processes().pid());
                sockets.peerPidFd(server).ifPresent(Fd::close);
                sockets.send(client, bytes);
                assertThat(sockets.receive(server, bytes).bytes()).isEqualTo(64);
            }
        }
    }

    @Test
    void aConnectThatWouldWaitFails() {
        String path = directory.resolve("full").toString();
        List<Fd> held = List.of(sockets.listen(path, 0), sockets.connect(path));
        assertThatThrownBy(() -> sockets.connect(path)).hasMessageContaining("EAGAIN");
        held.forEach(Fd::close);
    }

    @Test
    void saysWhatIsWrongWithAPath() {
        String used = directory.resolve("used").toString();
        sockets.listen(used, 1).close();
        assertThatThrownBy(() -> sockets.listen(used, 1))
                .hasMessageContaining("EADDRINUSE")
                .hasMessageContaining(used);
        assertThatThrownBy(() -> sockets.connect(used)).hasMessageContaining("ECONNREFUSED");
        assertThatThrownBy(() -> sockets.connect(used + "-none")).hasMessageContaining("ENOENT");
        assertThatThrownBy(() -> sockets.listen("/tmp/" + "x".repeat(103), 1))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("108 bytes");
    }

    @Test
    void refusesMemoryWithoutAnAddress() {
        MemorySegment heap = MemorySegment.ofArray(new byte[8]);
        assertThatThrownBy(() -> sockets.send(pair[0], heap)).isInstanceOf(IllegalArgumentException.class);
    }
}
