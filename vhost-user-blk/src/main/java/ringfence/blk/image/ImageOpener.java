package ringfence.blk.image;

import ringfence.linux.DirectIo;
import ringfence.linux.Disks;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Stat;

/** Opens raw images. */
public final class ImageOpener {
    private static final int SECTOR = 512;
    private static final int PAGE = 4096;

    private final Linux linux;
    private final Disks disks;

    /** With the system calls of this process. */
    public ImageOpener(Linux linux) {
        this.linux = linux;
        disks = new Disks(linux);
    }

    /**
     * Opens an image; takes no lock.
     *
     * @param readOnly open it for reading only
     * @param direct go round the page cache (O_DIRECT); a file on tmpfs has none, and ignores it
     * @return the image; the caller owns it
     * @throws ImageException if it is missing, refused, neither a file nor a block device, or not a multiple of 512
     */
    public Image open(String path, boolean readOnly, boolean direct) {
        Fd fd = openFile(path, readOnly);
        try {
            Stat stat = linux.files().stat(fd);
            if (stat.isBlockDevice()) {
                if (direct) {
                    fd = reopenDirect(path, readOnly, fd);
                }
                return device(path, fd, readOnly, direct);
            }
            if (!stat.isRegular()) {
                throw new ImageException("image " + path + " is neither a file nor a block device");
            }
            boolean memory = isMemory(fd);
            if (direct && !memory) {
                fd = reopenDirect(path, readOnly, fd);
            }
            return file(path, fd, stat, readOnly, direct && !memory, memory);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    private Fd openFile(String path, boolean readOnly) {
        // O_NONBLOCK: a FIFO must not hold us up before we see that it is none of ours
        try {
            Fd fd = linux.files()
                    .open(path, readOnly ? OpenFlag.RDONLY : OpenFlag.RDWR, OpenFlag.NONBLOCK, OpenFlag.NOCTTY);
            // and io_uring answers EAGAIN in place of waiting where the flag stays set
            linux.files().nonBlocking(fd, false);
            return fd;
        } catch (ErrnoException e) {
            throw new ImageException("image " + path + ": " + e.errno().text() + hint(e.errno(), readOnly), e);
        }
    }

    private static String hint(Errno errno, boolean readOnly) {
        boolean refused = errno == Errno.EACCES || errno == Errno.EPERM || errno == Errno.EROFS;
        return refused && !readOnly ? " (for writing; --read-only needs less)" : "";
    }

    private Fd reopenDirect(String path, boolean readOnly, Fd buffered) {
        try {
            // through /proc, so that it is the same file even if the name now means another
            Fd direct = linux.files()
                    .open(
                            "/proc/self/fd/" + buffered.number(),
                            readOnly ? OpenFlag.RDONLY : OpenFlag.RDWR,
                            OpenFlag.DIRECT,
                            OpenFlag.NOCTTY);
            buffered.close();
            return direct;
        } catch (ErrnoException e) {
            throw new ImageException(
                    "image " + path + ": its file system does not do direct I/O ("
                            + e.errno().text() + ")",
                    e);
        }
    }

    private boolean isMemory(Fd fd) {
        long type = disks.fileSystemType(fd);
        return type == Disks.TMPFS || type == Disks.RAMFS || type == Disks.HUGETLBFS;
    }

    private Image file(String path, Fd fd, Stat stat, boolean readOnly, boolean direct, boolean memory) {
        int block = SECTOR;
        int memoryAlignment = 1;
        if (direct) {
            DirectIo asks = DirectIo.of(linux, fd);
            block = Math.max(SECTOR, asks.offset());
            memoryAlignment = asks.memory();
        }
        ImageKind kind = memory ? ImageKind.MEMORY : direct ? ImageKind.DIRECT : ImageKind.CACHED;
        return checked(new Image(
                path, fd, kind, stat.size(), readOnly, direct, block, Math.max(block, PAGE), memoryAlignment));
    }

    private Image device(String path, Fd fd, boolean readOnly, boolean direct) {
        if (!readOnly && disks.isReadOnly(fd)) {
            throw new ImageException("image " + path + ": the device is write-protected (use --read-only)");
        }
        int block = Math.max(SECTOR, linux.files().sectorSize(fd));
        int memoryAlignment = direct ? DirectIo.of(linux, fd).memory() : 1;
        return checked(new Image(
                path,
                fd,
                ImageKind.DEVICE,
                linux.files().size(fd),
                readOnly,
                direct,
                block,
                Math.max(block, linux.files().physicalBlockSize(fd)),
                memoryAlignment));
    }

    private static Image checked(Image image) {
        if (image.size() % image.blockSize() != 0) {
            throw new ImageException(
                    "image " + image.path() + ": size " + image.size() + " is not a multiple of " + image.blockSize());
        }
        if (image.size() == 0) {
            throw new ImageException("image " + image.path() + " is empty");
        }
        return image;
    }
}
