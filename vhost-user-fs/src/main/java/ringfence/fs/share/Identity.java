package ringfence.fs.share;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.fs.tree.OpenFile;
import ringfence.linux.Fd;
import ringfence.linux.Statx;

/**
 * What tells a file from another one that gets its inode number later, as it lies in a node's slot in the form of a
 * {@code struct file_handle}: the handle by which it can be opened again; or where that is not wanted, its time of birth; or
 * where the file system knows none, its handle to be compared only. Free of state.
 */
final class Identity {
    private static final int TYPE = 4;
    private static final int HEAD = 8;
    /** Type of one that is the time of birth. */
    private static final int BIRTH = 0x6269_7274;

    private static final int BIRTH_BYTES = 12;
    /** In the type of one that opens nothing; BIRTH has it. */
    private static final int CLOSED = 1 << 30;
    /** Where in a call's scratch memory the number of a mount is put. */
    private static final int MOUNT = 256;

    private Identity() {}

    /**
     * Fills the call's {@code identity} with that of an open file, whose attributes are the call's {@code stat}, and tells the
     * file whether it can be opened again by it.
     *
     * @return 0, or minus EOPNOTSUPP: it must be possible, and is not
     */
    static int take(Call call, OpenFile file) {
        if (call.share.tree().fileHandles().take(file.fd(), call.identity, call.scratch)) {
            file.byHandle(true);
            return 0;
        }
        if (call.share.tree().fileHandles().isMandatory()) {
            return Errors.EOPNOTSUPP;
        }
        if (call.stat.knowsBirth()) {
            birth(call.stat, call.identity);
        } else {
            handle(call, file.fd(), CLOSED);
        }
        return 0;
    }

    private static void birth(Statx stat, MemorySegment to) {
        to.set(ValueLayout.JAVA_INT, 0, BIRTH_BYTES);
        to.set(ValueLayout.JAVA_INT, TYPE, BIRTH);
        to.set(ValueLayout.JAVA_LONG, HEAD, stat.bornSeconds());
        to.set(ValueLayout.JAVA_INT, HEAD + 8, stat.bornNanos());
    }

    private static void handle(Call call, Fd file, int closed) {
        MemorySegment to = call.identity;
        if (call.share.linux().handles().tryHandle(file, to, call.scratch.asSlice(MOUNT, 4)) < 0) {
            to.set(ValueLayout.JAVA_LONG, 0, 0);
        } else {
            to.set(ValueLayout.JAVA_INT, TYPE, type(to) | closed);
        }
    }

    private static int type(MemorySegment identity) {
        return identity.get(ValueLayout.JAVA_INT, TYPE);
    }

    /** Loads a node's into the call's {@code identity}. @return whether it is one that opens the file */
    static boolean load(Call call, int slot) {
        int length = call.share.state().nodes().fileHandle(slot, call.identity);
        return length > HEAD && (type(call.identity) & CLOSED) == 0;
    }

    /**
     * Whether the call's {@code identity}, that of an open file, is that of a node. A node from a predecessor that had other
     * options may have one of another kind: then that is looked for.
     */
    static boolean isSame(Call call, int slot, OpenFile file) {
        int length = call.share.state().nodes().fileHandle(slot, call.scratch);
        if (length == 0) {
            file.byHandle(false);
            return true;
        }
        if (type(call.scratch) != type(call.identity)) {
            takeAs(call, file, type(call.scratch));
        }
        return MemorySegment.mismatch(call.scratch, 0, length, call.identity, 0, length) < 0;
    }

    private static void takeAs(Call call, OpenFile file, int type) {
        if ((type & CLOSED) != 0) {
            file.byHandle(false);
        }
        if (type != BIRTH) {
            handle(call, file.fd(), type & CLOSED);
        } else if (call.share.linux().attributes().tryStat(file.fd(), call.other) >= 0) {
            birth(call.other, call.identity);
        }
    }
}
