package ringfence.process;

/** The version of Ringfence: all programs are built and released together. */
public final class Version {
    /** As in the parent POM, without -SNAPSHOT; a test compares them. */
    public static final String NUMBER = "0.1.0";

    private Version() {}
}
