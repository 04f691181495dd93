package ringfence.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DatagramsTest {
    private final Linux linux = Linux.system();
    private final MemorySegment bytes = Arena.ofAuto().allocate(64);

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 253})
    void aMessageTellsItsSenderAndBringsItsDescriptors(int count) throws Exception {
        String path = directory.resolve("s").toString();
        try (Fd receiver = linux.datagrams().bind(path);
                Fd sender = linux.datagrams().connect(path);
                Fd file = linux.memory().memfd("passed", 4096)) {
            assertThat(linux.datagrams().tryReceive(receiver, bytes).bytes()).isEqualTo(-Errno.EAGAIN.number());
            long before = SocketsTest.openDescriptors();
            Fd[] fds = Stream.generate(() -> file).limit(count).toArray(Fd[]::new);
            bytes.setString(0, "hello");
            assertThat(linux.sockets().send(sender, bytes.asSlice(0, 5), fds)).isEqualTo(5);
            Datagram message = linux.datagrams().tryReceive(receiver, bytes.fill((byte) 0));
            assertThat(message.bytes()).isEqualTo(5);
            assertThat(message.cut()).isFalse();
            assertThat(message.sender()).isEqualTo(linux.processes().pid());
            assertThat(bytes.getString(0)).isEqualTo("hello");
            assertThat(message.fds())
                    .hasSize(count)
                    .allSatisfy(fd -> assertThat(linux.files().stat(fd).inode())
                            .isEqualTo(linux.files().stat(file).inode()));
            message.closeAll();
            assertThat(SocketsTest.openDescriptors()).isEqualTo(before);
        }
    }

    @Test
    void whatIsTooLongIsCutAndItsDescriptorsAreClosed() throws Exception {
        String path = directory.resolve("s").toString();
        try (Fd receiver = linux.datagrams().bind(path);
                Fd sender = linux.datagrams().connect(path)) {
            long before = SocketsTest.openDescriptors();
            linux.sockets().send(sender, bytes, sender);
            Datagram message = linux.datagrams().tryReceive(receiver, bytes.asSlice(0, 8));
            assertThat(message.cut()).isTrue();
            assertThat(message.fds()).isEmpty();
            assertThat(SocketsTest.openDescriptors()).isEqualTo(before);
        }
    }

    @Test
    void anAddressMayBeAbstractAndIsToldWhereNobodyIsThere() {
        assertThatThrownBy(() -> linux.datagrams().connect(directory + "/none"))
                .hasMessageContaining(directory + "/none");
        assertThatThrownBy(() -> linux.datagrams().connect("x".repeat(108)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("choose a shorter one");
        String name = "@ringfence-test-" + linux.processes().pid();
        try (Fd receiver = linux.datagrams().bind(name);
                Fd sender = linux.datagrams().connect(name)) {
            linux.sockets().send(sender, bytes.asSlice(0, 1));
            assertThat(linux.datagrams().tryReceive(receiver, bytes).bytes()).isEqualTo(1);
        }
    }
}
