package ringfence.vmm.supervise;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import ringfence.linux.Errno;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.OpenFlag;
import ringfence.process.BadInputException;
import ringfence.process.RuntimeFolder;
import ringfence.vmm.config.UserRange;

/**
 * Users for daemons, of a range that VMMs of this host share. A number is taken as long as its VMM has a byte of a file
 * locked, the one at that offset, so what a VMM that was killed had is free with its end; and as long as a process of that
 * user lives, for its daemons may outlive it by a moment. No daemon has the file, so none can take or give up a number. Any
 * thread.
 */
public final class DaemonUsers {
    private static final String OPTION = "--daemon-uids";
    private static final int OWNER_ONLY = 0600;

    private final Linux linux;
    private final UserRange range;
    private final Path file;

    /** @param range whose members are nobody's: who may act as one of them may end that daemon */
    public DaemonUsers(Linux linux, UserRange range) {
        this(
                linux,
                range,
                RuntimeFolder.ofUser(linux.processes().effectiveUser()).resolve("daemon-uids"));
    }

    DaemonUsers(Linux linux, UserRange range, Path file) {
        this.linux = linux;
        this.range = range;
        this.file = file;
    }

    /** A user that nobody else is, until this is closed. */
    public static final class Taken implements AutoCloseable {
        private final Fd lock;
        private final int number;

        private Taken(Fd lock, int number) {
            this.lock = lock;
            this.number = number;
        }

        /** Of the user, and of its group. */
        public int number() {
            return number;
        }

        /** Gives it back; its processes are dead. */
        @Override
        public void close() {
            lock.close();
        }
    }

    /**
     * The first that is free.
     *
     * @throws BadInputException if none is
     */
    public Taken take() {
        Fd lock = open();
        try {
            return new Taken(lock, free(lock));
        } catch (RuntimeException e) {
            lock.close();
            throw e;
        }
    }

    private int free(Fd lock) {
        for (long number = range.first(); number <= range.last(); number++) {
            if (linux.files().tryLock(lock, LockType.WRITE, number, 1)) {
                if (!linux.processes().existsOf((int) number)) {
                    return (int) number;
                }
                linux.files().tryLock(lock, LockType.NONE, number, 1);
            }
        }
        throw new BadInputException(OPTION + " " + range + ": all of them are taken: give a larger range");
    }

    private Fd open() {
        try {
            Files.createDirectories(
                    file.getParent(),
                    PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
            return linux.files().open(file.toString(), OWNER_ONLY, OpenFlag.RDWR, OpenFlag.CREAT, OpenFlag.NOFOLLOW);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot make " + file, e);
        }
    }

    /** Makes a file, or a socket, that user's. @throws BadInputException if this user namespace has not such a user */
    public void give(Path owned, Taken user) {
        try (Fd opened = linux.files().open(owned.toString(), OpenFlag.PATH, OpenFlag.NOFOLLOW)) {
            long result = linux.attributes().tryOwner(opened, user.number(), user.number());
            if (result < 0) {
                throw new BadInputException(OPTION + " " + range + ": " + owned + " cannot be user " + user.number()
                        + "'s (" + Errno.of(-result).text() + "): give numbers that this user namespace has");
            }
        }
    }
}
