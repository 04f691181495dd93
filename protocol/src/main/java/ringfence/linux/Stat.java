package ringfence.linux;

/**
 * What fstat(2) tells of a file.
 *
 * @param device device of the file system
 * @param inode inode number
 * @param mode type and permission bits
 * @param rdev device number of a device file
 * @param size bytes
 */
public record Stat(long device, long inode, int mode, long rdev, long size) {
    /** A regular file. */
    public boolean isRegular() {
        return (mode & 0xF000) == 0x8000;
    }

    /** A directory. */
    public boolean isDirectory() {
        return (mode & 0xF000) == 0x4000;
    }

    /** A block device. */
    public boolean isBlockDevice() {
        return (mode & 0xF000) == 0x6000;
    }

    /** A socket. */
    public boolean isSocket() {
        return (mode & 0xF000) == 0xC000;
    }

    /** A character device. */
    public boolean isCharacterDevice() {
        return (mode & 0xF000) == 0x2000;
    }
}
