package ringfence.process;

import java.util.Optional;
import java.util.Set;
import ringfence.linux.ErrnoException;
import ringfence.linux.Linux;
import ringfence.sandbox.FilterMode;
import ringfence.sandbox.Need;
import ringfence.sandbox.SyscallFilter;

/** A daemon's {@code --seccomp}, and the filter that it puts upon itself once it serves. */
public final class SeccompFlag {
    private static final String OPTION = "--seccomp";

    private final Options.Text word;

    /** One more of these options. */
    public SeccompFlag(Options options) {
        word = options.text(
                OPTION,
                "kill|errno|log|none",
                word(FilterMode.TRUE),
                "What becomes of a system call that we do not make once we serve: it ends us; fails; is logged;"
                        + " nothing (${DEFAULT-VALUE}).");
    }

    /** The words of a command line that asks for that. */
    public static Optional<String> argument(FilterMode mode) {
        return mode == FilterMode.TRUE ? Optional.empty() : Optional.of(OPTION + "=" + word(mode));
    }

    private static String word(FilterMode mode) {
        return switch (mode) {
            case TRUE -> "kill";
            case ERRNO -> "errno";
            case LOG -> "log";
            case FALSE -> "none";
        };
    }

    /** What is asked for. @throws IllegalArgumentException with one line for the user */
    public FilterMode mode() {
        if (word.get().equals("trap")) {
            return FilterMode.TRUE; // virtiofsd's word for a signal, which would end us, too
        }
        for (FilterMode mode : FilterMode.values()) {
            if (word(mode).equals(word.get())) {
                return mode;
            }
        }
        throw new IllegalArgumentException(OPTION + " is kill, trap, errno, log or none, not " + word.get());
    }

    /**
     * Binds this process, which serves.
     *
     * @param needs what it does from now on that not all daemons do
     * @throws IllegalArgumentException with one line for the user
     */
    public void install(Set<Need> needs) {
        Linux linux = Linux.system();
        SyscallFilter.whileServing(mode(), needs, linux.processes().pid()).ifPresent(filter -> {
            try {
                linux.confinement().filter(filter.steps());
            } catch (ErrnoException e) {
                throw new IllegalArgumentException(
                        OPTION + ": the kernel takes no filter (" + e.errno().text()
                                + "), allow us seccomp(2) or give none",
                        e);
            }
        });
    }
}
