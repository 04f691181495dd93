package ringfence.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Linux;
import ringfence.linux.Pty;
import ringfence.linux.Terminal;

/** Somebody makes the window larger. */
@Timeout(60)
class TerminalSizeTest {
    private static final int TIOCSWINSZ = 0x5414;

    private final Linux linux = Linux.system();
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();

    @Test
    void eachChangeIsToldOnce() throws Exception {
        try (Pty pty = Pty.open(linux)) {
            resize(pty, 80, 25);
            Terminal terminal = Terminal.of(linux, pty.controller()).orElseThrow();
            try (TerminalSize _ =
                    new TerminalSize(terminal, terminal.size(), (columns, rows) -> told.add(columns + "x" + rows))) {
                resize(pty, 132, 50);
                assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo("132x50");
                resize(pty, 0, 0);
                resize(pty, 80, 24);
                assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo("80x24");
                Thread.sleep(600);
                assertThat(told).isEmpty();
            }
            resize(pty, 100, 30);
            Thread.sleep(600);
            assertThat(told).as("it is closed").isEmpty();
        }
    }

    private void resize(Pty pty, int columns, int rows) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment size = arena.allocate(8, 2); // struct winsize
            size.set(ValueLayout.JAVA_SHORT, 0, (short) rows);
            size.set(ValueLayout.JAVA_SHORT, 2, (short) columns);
            linux.ioctl(pty.controller(), TIOCSWINSZ, size, "TIOCSWINSZ");
        }
    }
}
