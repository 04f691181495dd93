package ringfence.linux;

/** Privileges of root that a process of ours may need; capabilities(7) has them all. */
public enum Capability {
    /** To open files of any owner. */
    DAC_OVERRIDE(1),
    /** To make and set up network interfaces. */
    NET_ADMIN(12);

    private final int number;

    Capability(int number) {
        this.number = number;
    }

    /** As the kernel counts them. */
    public int number() {
        return number;
    }
}
