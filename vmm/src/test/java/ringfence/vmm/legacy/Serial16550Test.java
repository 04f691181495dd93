package ringfence.vmm.legacy;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/** PC16550D, and what Linux' 8250 driver looks at (drivers/tty/serial/8250/8250_port.c). */
class Serial16550Test {
    private static final int IIR_NONE = 1;
    private static final int IIR_THRI = 2;
    private static final int IIR_RDI = 4;
    private static final int IIR_TIMEOUT = 0xC;

    private static final class Output implements SerialBackend {
        final StringBuilder text = new StringBuilder();
        boolean congested;
        Port port;

        @Override
        public void transmit(int value) {
            text.append((char) value);
        }

        @Override
        public boolean isCongested() {
            return congested;
        }

        @Override
        public void attach(Port next) {
            port = next;
        }
    }

    /** A hypervisor: what is written while it keeps goes to its ring. */
    private static final class Hypervisor implements KeptWrites {
        final Deque<Integer> ring = new ArrayDeque<>();
        boolean keeps;

        @Override
        public boolean keep() {
            assertThat(keeps).isFalse();
            keeps = true;
            return true;
        }

        @Override
        public void release() {
            assertThat(keeps).isTrue();
            keeps = false;
        }

        @Override
        public int take() {
            return ring.isEmpty() ? -1 : ring.remove();
        }
    }

    private final Output output = new Output();
    private final List<Boolean> edges = new ArrayList<>();
    private final Hypervisor hypervisor = new Hypervisor();
    private final Serial16550 port = new Serial16550(edges::add, output, hypervisor);

    private int in(int register) {
        ReadValue value = new ReadValue();
        assertThat(port.read(register, 1, value)).isEqualTo(Done.DONE);
        return (int) value.value();
    }

    private void out(int register, int value) {
        if (register == 0 && hypervisor.keeps) {
            hypervisor.ring.add(value);
            return;
        }
        assertThat(port.write(register, 1, value)).isEqualTo(Done.DONE);
    }

    private int type(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.ISO_8859_1);
        return port.receive(bytes, 0, bytes.length);
    }

    /** The state in which Linux leaves a port that it has opened: FIFOs with a trigger of 8, DTR, RTS, OUT2. */
    private void open() {
        out(2, 1);
        out(2, 7);
        out(2, 0x81);
        out(4, 0xB);
        out(1, 0x5);
    }

    private boolean line() {
        return !edges.isEmpty() && edges.getLast();
    }

    @Test
    void isFoundByLinuxAutoconfigAsA16550A() {
        out(1, 0);
        assertThat(in(1) & 0xF).isZero();
        out(1, 0xF);
        assertThat(in(1) & 0xF).as("IER holds its low bits").isEqualTo(0xF);
        out(1, 0);
        out(4, 0x10 | 0x8 | 0x2);
        assertThat(in(6) & 0xF0).as("loopback: OUT2 is DCD, RTS is CTS").isEqualTo(0x90);
        out(4, 0);
        out(3, 0xBF);
        out(2, 0);
        out(3, 0);
        out(2, 1);
        assertThat(in(2) >> 6).as("FIFOs work: 16550A").isEqualTo(3);
        out(3, 0x80);
        assertThat(in(2)).as("an EFR would read 0").isNotZero();
        out(3, 0);
        out(2, 0x21);
        assertThat(in(2) >> 5).as("not a 16750").isEqualTo(6);
        out(2, 0);
        out(1, 0x40);
        assertThat(in(1)).as("not an XScale").isZero();
        out(7, 0x5A);
        assertThat(in(7)).isEqualTo(0x5A);
    }

    @Test
    void keepsTheDivisorApartFromDataAndInterruptEnable() {
        out(1, 5);
        out(3, 0x83);
        out(0, 0x34);
        out(1, 0x12);
        assertThat(in(0)).isEqualTo(0x34);
        assertThat(in(1)).isEqualTo(0x12);
        out(3, 3);
        assertThat(in(1)).isEqualTo(5);
        assertThat(output.text).isEmpty();
    }

    private void poll(String text) {
        for (int c : text.chars().toArray()) {
            assertThat(in(5) & 0x20).isNotZero();
            out(0, c);
        }
    }

    @Test
    void aDriverThatPollsCausesOneExitAByte() {
        open();
        String line = "0123456789".repeat(4);
        poll(line);
        assertThat(hypervisor.keeps).isTrue();
        assertThat(hypervisor.ring)
                .as("each is taken by the look before the next")
                .hasSize(1);
        in(5);
        assertThat(output.text).hasToString(line);
        out(0, '!');
        assertThat(output.port.collect()).as("the backend is to come again").isTrue();
        assertThat(output.text).hasToString(line + "!");
    }

    @Test
    void nothingIsKeptOnceItIsQuietOrAnInterruptIsWanted() {
        open();
        poll("x".repeat(32));
        out(0, 'y');
        output.port.quiet();
        assertThat(hypervisor.keeps).isFalse();
        assertThat(output.text.toString()).endsWith("xy");
        assertThat(output.port.collect()).isFalse();
        poll("x".repeat(32));
        out(0, 'z');
        out(1, 7);
        assertThat(hypervisor.keeps).isFalse();
        assertThat(output.text.toString()).endsWith("xz");
        assertThat(line()).isTrue();
        "a few more, by interrupt, and then some".chars().forEach(c -> out(0, c));
        assertThat(hypervisor.keeps).isFalse();
    }

    @Test
    void whatIsKeptMeansWhatItMeantWhenItWasWritten() {
        open();
        poll("x".repeat(32));
        out(0, 'y');
        out(3, 0x83);
        out(0, 0x34);
        out(1, 0x12);
        assertThat(in(0)).isEqualTo(0x34);
        out(3, 3);
        assertThat(output.text.toString()).isEqualTo("x".repeat(32) + "y");
        out(4, 0x1B);
        assertThat(hypervisor.keeps)
                .as("in loopback what is written is received")
                .isFalse();
        out(0, 'l');
        assertThat(in(0)).isEqualTo('l');
    }

    @Test
    void theEndTakesTheRest() {
        open();
        poll("x".repeat(32));
        out(0, 'y');
        port.stop();
        assertThat(hypervisor.keeps).isFalse();
        assertThat(output.text.toString()).endsWith("xy");
    }

    @Test
    void transmitsAtOnceAndSaysSo() {
        open();
        "hi\n".chars().forEach(c -> out(0, c));
        assertThat(output.text).hasToString("hi\n");
        assertThat(in(5)).isEqualTo(0x60);
    }

    /** serial8250_do_startup: a port that does not raise it again is marked UART_BUG_THRE and polled. */
    @Test
    void raisesTransmitterEmptyEachTimeItIsEnabled() {
        out(4, 8);
        out(1, 2);
        assertThat(in(2)).isEqualTo(IIR_THRI);
        assertThat(in(2)).as("reading IIR clears it").isEqualTo(IIR_NONE);
        out(1, 0);
        out(1, 2);
        assertThat(in(2)).isEqualTo(IIR_THRI);
        out(1, 2);
        assertThat(in(2)).as("it was enabled already").isEqualTo(IIR_NONE);
        out(0, 'x');
        assertThat(line()).isTrue();
        assertThat(in(2)).isEqualTo(IIR_THRI);
        assertThat(line()).isFalse();
    }

    @Test
    void holdsBackTransmitterEmptyWhileOutputPilesUp() {
        open();
        out(1, 7);
        in(2);
        output.congested = true;
        out(0, 'a');
        assertThat(in(2) & 0xF).isEqualTo(IIR_NONE);
        assertThat(in(5) & 0x60).as("a console that polls is not held").isEqualTo(0x60);
        out(1, 5);
        out(1, 7);
        assertThat(in(2) & 0xF).as("also when it is enabled anew").isEqualTo(IIR_NONE);
        output.congested = false;
        output.port.relieved();
        assertThat(line()).isTrue();
        assertThat(in(2) & 0xF).isEqualTo(IIR_THRI);
        output.port.relieved();
        assertThat(in(2) & 0xF).as("relief is told once").isEqualTo(IIR_NONE);
    }

    @Test
    void interruptsForInputByTriggerLevelOrTimeout() {
        open();
        assertThat(type("1234567")).isEqualTo(7);
        assertThat(line()).isTrue();
        assertThat(in(2)).isEqualTo(0xC0 | IIR_TIMEOUT);
        type("8");
        assertThat(in(2)).isEqualTo(0xC0 | IIR_RDI);
        for (char c = '1'; c <= '8'; c++) {
            assertThat(in(5) & 1).isEqualTo(1);
            assertThat(in(0)).isEqualTo(c);
        }
        assertThat(in(5) & 1).isZero();
        assertThat(in(2) & 0xF).isEqualTo(IIR_NONE);
        assertThat(line()).isFalse();
        assertThat(in(0)).as("nothing there").isZero();
    }

    @Test
    void keepsInputThatComesBeforeTheDriverRaisesRts() {
        assertThat(type("root\n")).isEqualTo(5);
        assertThat(in(5) & 1).isZero();
        out(2, 7); // the driver clears its FIFOs
        open();
        assertThat(line()).isTrue();
        StringBuilder read = new StringBuilder();
        while ((in(5) & 1) != 0) {
            read.append((char) in(0));
        }
        assertThat(read).hasToString("root\n");
    }

    @Test
    void clearsNoMoreThanTheFifo() {
        open();
        type("x".repeat(20));
        out(2, 0x83);
        int left = 0;
        while ((in(5) & 1) != 0) {
            assertThat(in(0)).isEqualTo('x');
            left++;
        }
        assertThat(left).isEqualTo(4);
    }

    @Test
    void takesALimitedBacklogAndTellsWhenThereIsRoomAgain() {
        int[] told = {0};
        port.onRoom(() -> told[0]++);
        open();
        byte[] much = new byte[10_000];
        assertThat(port.receive(much, 0, much.length)).isEqualTo(4096);
        assertThat(port.receive(much, 0, 1)).isZero();
        for (int i = 0; i < 16; i++) {
            in(0);
        }
        assertThat(told[0]).isEqualTo(1);
        assertThat(port.receive(much, 0, much.length)).isEqualTo(16);
    }

    @Test
    void loopsBackWithoutTouchingTheOutsideWorld() {
        open();
        out(4, 0x1B);
        type("outside");
        for (int i = 0; i < 17; i++) {
            out(0, 'A' + i);
        }
        assertThat(in(5) & 2).as("the seventeenth overran").isEqualTo(2);
        assertThat(in(5) & 2).as("reading LSR clears it").isZero();
        for (int i = 0; i < 16; i++) {
            assertThat(in(0)).isEqualTo('A' + i);
        }
        assertThat(in(5) & 1).isZero();
        assertThat(line()).as("loopback cuts the line off").isFalse();
        out(4, 0xB);
        assertThat(output.text).isEmpty();
        assertThat((char) in(0)).isEqualTo('o');
    }

    @Test
    void needsOut2ToReachTheInterruptController() {
        out(1, 2);
        out(4, 0);
        assertThat(line()).isFalse();
        out(4, 8);
        assertThat(line()).isTrue();
    }

    @Test
    void survivesAccessesOfAnyKind() {
        Random random = new Random(11);
        ReadValue value = new ReadValue();
        for (int i = 0; i < 200_000; i++) {
            int width = 1 << random.nextInt(4);
            int offset = random.nextInt(9 - width);
            if (random.nextBoolean()) {
                assertThat(port.write(offset, width, random.nextLong() & ReadValue.mask(width)))
                        .isEqualTo(width == 1 ? Done.DONE : Rejected.REJECTED);
            } else {
                port.read(offset, width, value);
                assertThat(value.value() & ~ReadValue.mask(width)).isZero();
            }
            if (i % 100 == 0) {
                type("abc");
            }
        }
        open();
        assertThat(in(5) & 0x60).isEqualTo(0x60);
    }
}
