package ringfence.it.lab;

import java.util.regex.Pattern;

/** The host itself went away under a test. */
public final class HostDiedException extends LabException {
    private static final long serialVersionUID = 1;

    /** Linux under TCG runs into the breakpoint of a patch to its own code that the other processor is about. */
    private static final Pattern RACE = Pattern.compile("int3: 0000|Oops: int3");

    private final String lastWords;

    /** {@code lastWords} is the end of that host's console. */
    public HostDiedException(String host, String lastWords) {
        super(host + " died; the end of its console:\n" + lastWords);
        this.lastWords = lastWords;
    }

    /** Whether this is the known race of QEMU's TCG, which says nothing about the test. */
    public boolean isEmulatorsRace() {
        return RACE.matcher(lastWords).find();
    }
}
