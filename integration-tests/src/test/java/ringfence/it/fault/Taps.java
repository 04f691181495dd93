package ringfence.it.fault;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Linux;
import ringfence.linux.Tap;

/** Whether taps can be made. */
final class Taps {
    private Taps() {}

    /** Skips a test where they cannot. */
    static void assume(Linux linux) {
        try (Tap tap = Tap.open(linux, "", false)) {
            assertThat(tap.name()).isNotEmpty();
        } catch (ErrnoException e) {
            assumeThat(e.errno()).as(e.getMessage()).isNotIn(Errno.ENOENT, Errno.EPERM, Errno.EACCES);
            throw e;
        }
    }
}
