package ringfence.it.bench;

/** Who takes part. */
enum FsContender {
    /** Our daemon. */
    RINGFENCE("ringfence"),
    /** The reference. */
    VIRTIOFSD("virtiofsd"),
    /** The front-end's ceiling. */
    NULL("null");

    private final String label;

    FsContender(String label) {
        this.label = label;
    }

    String label() {
        return label;
    }
}
