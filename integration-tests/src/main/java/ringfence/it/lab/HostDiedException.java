package ringfence.it.lab;

import java.util.regex.Pattern;

/** The host itself went away under a test. */
public final class HostDiedException extends LabException {
    private static final long serialVersionUID = 1;

    /** Linux under TCG runs into the breakpoint of a patch to its own code that the other processor is about. */
    private static final Pattern RACE = Pattern.compile("int3: 0000|Oops: int3");
    /** What a Linux says that dies of something else. */
    private static final Pattern REASON = Pattern.compile("Kernel panic|Oops|BUG:|Call Trace");

    private final String lastWords;

    /** {@code lastWords} is the end of that host's console. */
    public HostDiedException(String host, String lastWords) {
        super(host + " died; the end of its console:\n" + lastWords);
        this.lastWords = lastWords;
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
        return REASON.matcher(lastWords).find()
                ? "an error in its kernel, as by code that the emulator has lost"
                : "a reset without a word of its kernel, as by the emulator";
    }
}
