package ringfence.fs.share;

import ringfence.telemetry.CounterType;

/** What a queue of a share counts. */
public enum FsCounter {
    REQUESTS(200, "requests", "requests done, those of a predecessor among them"),
    ERRORS(201, "errors", "requests that ended with an error"),
    REFUSED(202, "refused", "requests refused before they were looked at: malformed"),
    READ_BYTES(203, "read-bytes", "bytes read"),
    WRITTEN_BYTES(204, "written-bytes", "bytes written"),
    STALE(205, "stale", "requests on nodes that were not found again, or never existed"),
    FULL(206, "full", "requests refused for want of descriptors or slots (ENFILE)"),
    RECALLED(207, "recalled", "requests whose reply was in a predecessor's log"),
    FOUND_DONE(208, "found-done", "requests that a predecessor had begun, found done"),
    WAITED(209, "waited", "requests that have waited for a lock"),
    LOST_LOCKS(210, "lost-locks", "locks of a predecessor that were not to be had again");

    final CounterType type;

    FsCounter(int id, String label, String help) {
        type = new CounterType(id, label, help);
    }
}
