package ringfence.vhostuser.link;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;

/** The bytes of an inflight region at one moment, to be put back: what a back-end killed then would have left. */
record Snapshot(Linux linux, InflightShare share, byte[] bytes) {
    static Snapshot of(Linux linux, InflightShare share) {
        try (Mapping mapping = linux.memory().map(share.fd(), 0, share.area().size())) {
            return new Snapshot(linux, share, mapping.segment().toArray(ValueLayout.JAVA_BYTE));
        }
    }

    void restore() {
        try (Mapping mapping = linux.memory().map(share.fd(), 0, share.area().size())) {
            mapping.segment().copyFrom(MemorySegment.ofArray(bytes));
        }
    }
}
