package ringfence.linux;

/** Privileges of root that a process of ours may need; capabilities(7) has them all. */
public enum Capability {
    /** To give files to other owners. */
    CHOWN(0),
    /** To open files of any owner. */
    DAC_OVERRIDE(1),
    /** To open files by their handles. */
    DAC_READ_SEARCH(2),
    /** To change files of any owner. */
    FOWNER(3),
    /** To write into files that have set-user-ID bits without losing those. */
    FSETID(4),
    /** To act as other groups. */
    SETGID(6),
    /** To act as other users. */
    SETUID(7),
    /** To make and set up network interfaces. */
    NET_ADMIN(12),
    /** To make device files. */
    MKNOD(27),
    /** To set the privileges of files. */
    SETFCAP(31);

    private final int number;

    Capability(int number) {
        this.number = number;
    }

    /** As the kernel counts them. */
    public int number() {
        return number;
    }
}
