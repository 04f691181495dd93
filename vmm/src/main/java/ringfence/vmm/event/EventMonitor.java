package ringfence.vmm.event;

import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Files;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.process.BadInputException;
import ringfence.vmm.config.EventMonitorConfig;

/** Opens what {@code --event-monitor} names. */
public final class EventMonitor {
    private static final String OPTION = "--event-monitor ";
    private static final int MODE = 0666; // less the umask, as Cloud Hypervisor has it
    private static final int ACCESS = 3;

    private EventMonitor() {}

    /**
     * Begins a stream. A file is made anew; a pipe may have its reader later, and keeps what it can hold until then.
     *
     * @param config without {@linkplain EventMonitorConfig#problems problems}
     * @throws BadInputException one line, if it cannot be written
     */
    public static EventStream open(Linux linux, EventMonitorConfig config) {
        Fd to = config.path().isPresent()
                ? file(linux.files(), config.path().get())
                : descriptor(linux.files(), config.fd().orElseThrow());
        return EventStream.start(linux, to, System::nanoTime, EventStream.CAPACITY);
    }

    private static Fd file(Files files, String path) {
        try {
            Fd fd = files.open(
                    path, MODE, OpenFlag.WRONLY, OpenFlag.CREAT, OpenFlag.TRUNC, OpenFlag.NOCTTY, OpenFlag.NONBLOCK);
            files.nonBlocking(fd, false); // the writer may wait
            return fd;
        } catch (ErrnoException e) {
            if (e.errno() == Errno.ENXIO) {
                return pipe(files, path);
            }
            String why = switch (e.errno()) {
                case ENOENT, ENOTDIR -> "no such folder: check the path";
                case EISDIR -> "is a folder: name a file or a pipe";
                case EACCES, EPERM, EROFS -> "no permission to write it: check its mode and its folders'";
                default -> e.errno().text() + ": name a file or a pipe that can be written";
            };
            throw new BadInputException(OPTION + "path: " + path + ": " + why, e);
        }
    }

    /** A pipe that nobody reads yet. Opened for both ways it waits for no reader, and holds for one what is written. */
    private static Fd pipe(Files files, String path) {
        try {
            return files.open(path, OpenFlag.RDWR, OpenFlag.NOCTTY);
        } catch (ErrnoException e) {
            throw new BadInputException(
                    OPTION + "path: " + path + ": nobody reads it (" + e.errno().text()
                            + "): start the reader first, or name a file",
                    e);
        }
    }

    private static Fd descriptor(Files files, int number) {
        Fd fd;
        try {
            fd = files.duplicate(number);
        } catch (ErrnoException e) {
            throw new BadInputException(
                    OPTION + "fd: " + number + " is not open: let whoever starts the VMM hand it over", e);
        }
        if ((files.statusFlags(fd) & ACCESS) == OpenFlag.RDONLY.bits()) {
            fd.close();
            throw new BadInputException(
                    OPTION + "fd: " + number + " is open for reading only: hand over one that can be written");
        }
        return fd;
    }
}
