package ringfence.fs.share;

import ringfence.telemetry.CounterType;

/** What a queue of a share counts. */
public enum FsCounter implements CounterType {
    /** Requests done, those of a predecessor among them. */
    REQUESTS(200, "requests"),
    /** Requests that ended with an error. */
    ERRORS(201, "errors"),
    /** Requests refused before they were looked at: malformed. */
    REFUSED(202, "refused"),
    /** Bytes read. */
    READ_BYTES(203, "read-bytes"),
    /** Bytes written. */
    WRITTEN_BYTES(204, "written-bytes"),
    /** Requests on nodes that were not found again, or never existed. */
    STALE(205, "stale"),
    /** Requests refused for want of descriptors or slots (ENFILE). */
    FULL(206, "full"),
    /** Requests whose reply was in a predecessor's log. */
    RECALLED(207, "recalled"),
    /** Requests that a predecessor had begun, found done. */
    FOUND_DONE(208, "found-done"),
    /** Requests that have waited for a lock. */
    WAITED(209, "waited"),
    /** Locks of a predecessor that were not to be had again. */
    LOST_LOCKS(210, "lost-locks");

    private final int id;
    private final String label;

    FsCounter(int id, String label) {
        this.id = id;
        this.label = label;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public String label() {
        return label;
    }
}
