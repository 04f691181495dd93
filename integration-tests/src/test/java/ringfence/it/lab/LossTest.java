package ringfence.it.lab;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Which words tell that the lab's emulator has lost something. */
class LossTest {
    @Test
    void aGuestMayBeLost() {
        assertThat(Loss.in("2026-11-29T10:25:05.234Z ERROR machine: triple fault on vCPU 1, rip 0xfff0"))
                .contains(Loss.GUEST);
    }

    @Test
    void anEmulatedProcessorMayRefuseAGuest() {
        String refused = "ERROR machine: the processor refused to enter vCPU 0: hardware reason ";
        assertThat(Loss.in(refused + "0xffffffff on host processor 0")).contains(Loss.ENTRY);
        assertThat(Loss.in("KVM: entry failed, hardware error 0xffffffff")).contains(Loss.ENTRY);
        assertThat(Loss.in(refused + "0x80000021")).isEmpty();
    }

    /** No other of a JVM's ends: those can be our doing. */
    @Test
    void aJvmMayMeetAnInstructionThatItHasNotWritten() {
        String fatal = "# A fatal error has been detected by the Java Runtime Environment:\n#\n";
        assertThat(Loss.in(fatal + "#  SIGILL (0x4) at pc=0x00007f884020ec42, pid=220, tid=225"))
                .contains(Loss.CODE);
        assertThat(Loss.in(fatal + "#  SIGSEGV (0xb) at pc=0x00007f884020ec42, pid=220, tid=225"))
                .isEmpty();
    }
}
