package ringfence.keep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.Datagram;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;

/** Against a real socket, as a supervisor has it. */
class NotifyKeeperTest {
    @TempDir
    Path directory;

    private final Linux linux = Linux.system();
    private final MemorySegment buffer = Arena.ofAuto().allocate(4096);
    private final List<String> complaints = new ArrayList<>();
    private final List<AutoCloseable> open = new ArrayList<>();

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : open) {
            one.close();
        }
    }

    private <T extends AutoCloseable> T closed(T one) {
        open.add(one);
        return one;
    }

    private Keeper keeper(String address) {
        Keeper keeper = NotifyKeeper.from(linux, Map.of("NOTIFY_SOCKET", address), complaints::add);
        if (keeper instanceof NotifyKeeper notify) {
            closed(notify);
        }
        return keeper;
    }

    private String next(Fd supervisor, Fd expected) {
        Datagram datagram = linux.datagrams().tryReceive(supervisor, buffer);
        assertThat(datagram.bytes()).isPositive();
        assertThat(datagram.sender()).isEqualTo(linux.processes().pid());
        if (expected == null) {
            assertThat(datagram.fds()).isEmpty();
        } else {
            assertThat(datagram.fds())
                    .singleElement()
                    .satisfies(fd -> assertThat(linux.files().stat(fd))
                            .isEqualTo(linux.files().stat(expected)));
        }
        datagram.closeAll();
        byte[] text = buffer.asSlice(0, datagram.bytes()).toArray(ValueLayout.JAVA_BYTE);
        return new String(text, StandardCharsets.US_ASCII);
    }

    @ParameterizedTest
    @ValueSource(strings = {"path", "@abstract"})
    void speaksAsSdNotifyDoes(String kind) {
        String address = kind.startsWith("@")
                ? "@ringfence-test-" + linux.processes().pid() + "-" + System.nanoTime()
                : directory.resolve("notify").toString();
        Fd supervisor = closed(linux.datagrams().bind(address));
        Fd state = closed(linux.memory().memfd("state", 4096));
        Keeper keeper = keeper(address);
        keeper.keep("state", state);
        assertThat(next(supervisor, state).lines()).contains("FDSTORE=1", "FDNAME=state", "FDPOLL=0");
        keeper.ready("serving\nREADY=0");
        assertThat(next(supervisor, null)).isEqualTo("READY=1\nSTATUS=serving READY=0");
        keeper.alive();
        assertThat(next(supervisor, null)).isEqualTo("WATCHDOG=1");
        keeper.drop("node-2a000001");
        assertThat(next(supervisor, null).lines()).containsExactly("FDSTOREREMOVE=1", "FDNAME=node-2a000001");
        assertThat(complaints).isEmpty();
    }

    /** A file whose last name is gone is there for whoever has its descriptor: also one that can only be a path. */
    @Test
    void aFileWithoutANameIsKept() throws Exception {
        String address = directory.resolve("notify").toString();
        Fd supervisor = closed(linux.datagrams().bind(address));
        Path file = Files.writeString(directory.resolve("file"), "content");
        try (Fd path = linux.files().open(file.toString(), 0, OpenFlag.PATH)) {
            keeper(address).keep("node-1", path);
        }
        Files.delete(file);
        Datagram datagram = linux.datagrams().tryReceive(supervisor, buffer);
        int number = datagram.fds().getFirst().number();
        assertThat(Files.readString(Path.of("/proc/self/fd/" + number))).isEqualTo("content");
        datagram.closeAll();
    }

    @Test
    void aSupervisorThatStartsAnewIsFoundAgain() throws Exception {
        Path path = directory.resolve("notify");
        Fd first = linux.datagrams().bind(path.toString());
        Keeper keeper = keeper(path.toString());
        first.close();
        keeper.ready("serving");
        Files.delete(path);
        keeper.drop("node-1");
        Fd state = closed(linux.memory().memfd("state", 4096));
        assertThatThrownBy(() -> keeper.keep("state", state))
                .isInstanceOf(ErrnoException.class)
                .hasMessageContaining(path.toString());
        Fd second = closed(linux.datagrams().bind(path.toString()));
        keeper.keep("state", state);
        assertThat(next(second, state)).contains("FDNAME=state");
    }

    @Test
    void aSupervisorThatDoesNotListenIsWaitedForASecondAtMost() {
        String address = directory.resolve("notify").toString();
        closed(linux.datagrams().bind(address));
        Keeper keeper = keeper(address);
        Fd state = closed(linux.memory().memfd("state", 4096));
        assertThatThrownBy(() -> {
                    for (int i = 0; i < 10_000; i++) {
                        keeper.keep("state", state);
                    }
                })
                .isInstanceOfSatisfying(
                        ErrnoException.class, e -> assertThat(e.errno()).isIn(Errno.EAGAIN, Errno.ETOOMANYREFS));
    }

    @Test
    void withoutASupervisorNothingIsKeptAndNothingFails() {
        Keeper keeper = NotifyKeeper.from(linux, Map.of(), complaints::add);
        assertThat(keeper).isInstanceOf(NoKeeper.class);
        assertThat(complaints).isEmpty();
        Keeper unreachable = keeper(directory.resolve("nobody").toString());
        assertThat(complaints)
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .contains("$NOTIFY_SOCKET", "ENOENT", directory.toString())
                        .doesNotContain("\n"));
        unreachable.ready("serving");
        unreachable.drop("x");
        keeper("x".repeat(200));
        assertThat(complaints).hasSize(2);
    }

    @Test
    void refusesANameThatWouldMeanSomethingElse() {
        String address = directory.resolve("notify").toString();
        closed(linux.datagrams().bind(address));
        Keeper keeper = keeper(address);
        Fd state = closed(linux.memory().memfd("state", 4096));
        for (String name : new String[] {"", "a:b", "a\nFDSTOREREMOVE=1", "é", "x".repeat(256)}) {
            assertThatThrownBy(() -> keeper.keep(name, state)).isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> keeper.drop(name)).isInstanceOf(IllegalArgumentException.class);
        }
    }
}
