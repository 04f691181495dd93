package ringfence.fs.share;

import java.lang.foreign.ValueLayout;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.tree.OpenFile;

/** COPY_FILE_RANGE: from one open file to another, by offsets, so that doing it again does no harm. */
final class CopyOps {
    private final Share share;

    CopyOps(Share share) {
        this.share = share;
    }

    int copy(Call call) {
        int found = call.useHandle(call.request.int64(InLayout.FH));
        if (found < 0) {
            return found;
        }
        OpenFile to = call.otherHandle(call.request.int64(InLayout.COPY_FH_OUT));
        if (to == null) {
            return call.openError;
        }
        try {
            return copy(call, to);
        } finally {
            to.release();
        }
    }

    private int copy(Call call, OpenFile to) {
        call.scratch.set(ValueLayout.JAVA_LONG, 0, call.request.int64(InLayout.COPY_OFFSET));
        call.scratch.set(ValueLayout.JAVA_LONG, 8, call.request.int64(InLayout.COPY_OFFSET_OUT));
        long length = Math.min(call.request.int64(InLayout.COPY_LENGTH), Integer.MAX_VALUE & -4096L);
        call.changeAsUser();
        long result = share.linux().ranges().tryCopy(call.handle().fd(), to.fd(), call.scratch, length, (int)
                call.request.int64(InLayout.COPY_FLAGS));
        if (result < 0) {
            return (int) result;
        }
        call.reply.body(OutLayout.COUNT);
        call.reply.int32(0, (int) result);
        return 0;
    }
}
