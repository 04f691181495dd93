package ringfence.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/** What is typed reaches one machine after the other. */
@Timeout(60)
class TerminalInputTest {
    private final Linux linux = Linux.system();
    private final Fd[] ends = linux.sockets().pair();
    private final TerminalInput input = new TerminalInput(linux, ends[1]);
    private final BlockingQueue<String> first = new LinkedBlockingQueue<>();
    private final BlockingQueue<String> second = new LinkedBlockingQueue<>();

    @AfterEach
    void end() {
        ends[0].close();
    }

    private void type(String text) {
        try (Arena arena = Arena.ofConfined()) {
            assertThat(linux.files().tryWrite(ends[0], arena.allocateFrom(text).asSlice(0, text.length())))
                    .isEqualTo(text.length());
        }
    }

    private static InputSink to(BlockingQueue<String> queue) {
        return (from, offset, length) -> {
            queue.add(new String(from, offset, length, StandardCharsets.US_ASCII));
            return length;
        };
    }

    private static String next(BlockingQueue<String> queue) throws InterruptedException {
        return queue.poll(20, TimeUnit.SECONDS);
    }

    /** Nothing of it is the first one's, though a read was waiting as that ended. */
    @Test
    void whatIsTypedWhenAMachineHasEndedIsTheNextOnes() throws Exception {
        input.to(to(first));
        type("one");
        assertThat(next(first)).isEqualTo("one");
        input.toNobody();
        type("two");
        assertThat(first.poll(200, TimeUnit.MILLISECONDS)).isNull();
        input.to(to(second));
        assertThat(next(second)).isEqualTo("two");
        type("three");
        assertThat(next(second)).isEqualTo("three");
        assertThat(first).isEmpty();
    }

    @Test
    void whatASinkHasNoRoomForIsGivenAgain() throws Exception {
        AtomicInteger calls = new AtomicInteger();
        input.to((from, offset, length) -> {
            first.add(new String(from, offset, 1, StandardCharsets.US_ASCII));
            return calls.incrementAndGet() % 2; // every second time there is none
        });
        type("ab");
        assertThat(next(first) + next(first) + next(first)).isEqualTo("abb");
    }
}
