package ringfence.sandbox;

import java.util.List;
import java.util.Locale;
import java.util.Optional;

/** What becomes of a system call that a filter forbids: the values of {@code --seccomp}. */
public enum FilterMode {
    /** It ends the process (SIGSYS); the kernel's audit log says which it was. */
    TRUE,
    /** It is done, and written to the kernel's audit log. */
    LOG,
    /** It fails with EPERM. */
    ERRNO,
    /** There is no filter. */
    FALSE;

    /** The mode of that word; empty: there is none. */
    public static Optional<FilterMode> of(String word) {
        return List.of(values()).stream()
                .filter(mode -> mode.toString().equals(word))
                .findFirst();
    }

    /** The word. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
