package ringfence.vmm.machine;

import java.util.List;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.Mapping;
import ringfence.linux.OpenFlag;
import ringfence.memory.MemoryTable;
import ringfence.process.BadInputException;
import ringfence.process.Log;
import ringfence.vmm.config.PmemConfig;
import ringfence.vmm.config.Problem;
import ringfence.vmm.device.local.Pmem;

/** Opens the files of persistent memory. One that a guest may write to is locked, as the image of a disk is. */
final class PmemFile {
    private static final Log LOG = Log.of("pmem");

    private PmemFile() {}

    /** @throws BadInputException if the file cannot be had, with one line for the user */
    static Pmem open(Linux linux, PmemConfig pmem, MemoryTable memory) {
        String option = "--pmem " + pmem.id();
        try {
            Fd file = linux.files().open(pmem.file(), pmem.discardWrites() ? OpenFlag.RDONLY : OpenFlag.RDWR);
            try {
                Mapping mapping = map(linux, option, pmem, file);
                return new Pmem(
                        linux,
                        pmem.id(),
                        memory,
                        file,
                        mapping,
                        pmem.discardWrites(),
                        why -> LOG.error(pmem.id() + ": " + why));
            } catch (RuntimeException e) {
                file.close();
                throw e;
            }
        } catch (ErrnoException e) {
            throw new BadInputException(
                    option + " file: " + pmem.file() + ": " + e.errno().text(), e);
        }
    }

    private static Mapping map(Linux linux, String option, PmemConfig pmem, Fd file) {
        long ofFile = linux.files().size(file);
        List<Problem> problems = pmem.problems(ofFile);
        if (!problems.isEmpty()) {
            throw new BadInputException(option + " " + problems.getFirst().line());
        }
        LockType lock = pmem.discardWrites() ? LockType.READ : LockType.WRITE;
        if (!linux.files().tryLock(file, lock, 0, 0)) {
            throw new BadInputException(
                    option + " file: " + pmem.file() + " is in use: end the other VM, or give both discard_writes=on");
        }
        long size = pmem.sizeOf(ofFile);
        return pmem.discardWrites()
                ? linux.memory().mapPrivate(file, 0, size)
                : linux.memory().map(file, 0, size);
    }
}
