package ringfence.it.lab;

import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * What QEMU's emulation of L1 loses now and then, and what a program there says then. No program of ours can bring it about
 * but by a mistake that it repeats, so one such end says nothing of the test in which it comes; the next ones do.
 */
public enum Loss {
    /** KVM_EXIT_SHUTDOWN, as our VMM tells it. */
    GUEST(
            "a guest ended by a triple fault, as by code or a register that the emulator has lost",
            "triple fault on vCPU \\d"),
    /** VMRUN has ended with VMEXIT_INVALID, as our VMM and as QEMU tell it. */
    ENTRY(
            "a guest was not entered by the emulated processor (VMEXIT_INVALID)",
            "refused to enter vCPU \\d+: hardware reason 0xffffffff|entry failed, hardware error 0xffffffff"),
    /** A JVM writes code while another of its threads runs what is beside it. */
    CODE("a JVM met an instruction that it had not written", "#  SIGILL \\(0x4\\) at pc=");

    private final String account;
    private final Pattern words;

    Loss(String account, String words) {
        this.account = account;
        this.words = Pattern.compile(words);
    }

    /** What these words of a program tell of, if of any. */
    public static Optional<Loss> in(String words) {
        return Arrays.stream(values())
                .filter(loss -> loss.words.matcher(words).find())
                .findFirst();
    }

    /** What happened, for the person who reads the report. */
    public String account() {
        return account;
    }
}
