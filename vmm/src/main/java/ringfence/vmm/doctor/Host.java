package ringfence.vmm.doctor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;

/**
 * Where checks look: the kernel, and the files in which it tells of itself.
 *
 * @param linux the kernel
 * @param root of those files; {@code /}, unless a test has others
 */
record Host(Linux linux, Path root) {
    Path path(String name) {
        return root.resolve(name.substring(1));
    }

    /** What a file says, without blanks around it; empty: it is not there, or not ours to read. */
    Optional<String> text(String name) {
        try {
            return Optional.of(Files.readString(path(name)).strip());
        } catch (IOException _) {
            return Optional.empty();
        }
    }

    boolean isRoot() {
        return linux.processes().effectiveUser() == 0;
    }

    /** Opens a device for reading and writing, and closes it. @return why not; empty: it works */
    Optional<ErrnoException> opens(String device) {
        try (Fd _ = linux.files().open(path(device).toString(), OpenFlag.RDWR, OpenFlag.NONBLOCK)) {
            return Optional.empty();
        } catch (ErrnoException e) {
            return Optional.of(e);
        }
    }
}
