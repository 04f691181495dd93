package ringfence.it.lab;

import java.util.regex.Pattern;

/** The host itself went away under a test. */
public final class HostDiedException extends LabException {
    private static final long serialVersionUID = 1;

    /** Linux under TCG runs into the breakpoint of a patch to its own code that the other processor is about. */
    private static final Pattern RACE = Pattern.compile("int3: 0000|Oops: int3");
    /** VMRUN has ended with VMEXIT_INVALID, as our VMM and as QEMU tell it. */
    private static final Pattern REFUSED = Pattern.compile(
            "refused to enter vCPU \\d+: hardware reason 0xffffffff|entry failed, hardware error 0xffffffff");
    /** What a Linux says that dies of something else. */
    private static final Pattern REASON = Pattern.compile("Kernel panic|Oops|BUG:|Call Trace");

    private final String lastWords;

    /** {@code lastWords} is the end of that host's console. */
    public HostDiedException(String host, String lastWords) {
        super(host + " died; the end of its console:\n" + lastWords);
        this.lastWords = lastWords;
    }

    /** Whether these are the last words of a VMM whose guest the emulated processor did not enter, for no reason of its own. */
    static boolean isRefusal(String words) {
        return REFUSED.matcher(words).find();
    }

    private HostDiedException(HostDiedException first) {
        super(first.getMessage(), first);
        lastWords = first.lastWords;
    }

    @Override
    LabException again() {
        return new HostDiedException(this);
    }

    /**
     * How QEMU's TCG has lost it, as far as its last words tell. No guest and no VMM may bring a host down, so whatever L1
     * died of, it says nothing about the test: only what it dies of again does.
     */
    public String howTheEmulatorLostIt() {
        if (RACE.matcher(lastWords).find()) {
            return "the emulator's own race (int3)";
        }
        if (isRefusal(lastWords)) {
            return "a guest that the emulated processor did not enter (VMEXIT_INVALID)";
        }
        return REASON.matcher(lastWords).find()
                ? "an error in its kernel, as by code that the emulator has lost"
                : "a reset without a word of its kernel, as by the emulator";
    }
}
