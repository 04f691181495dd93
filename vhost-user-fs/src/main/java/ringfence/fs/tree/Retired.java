package ringfence.fs.tree;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongConsumer;

/** Open files that nobody needs any more, to be let go of outside of any lock. Any thread; allocates nothing. */
final class Retired {
    private final AtomicReference<OpenFile> first = new AtomicReference<>();
    private final LongConsumer onKept;

    /** @param onKept told the node id of each whose keeper may let go of it, too */
    Retired(LongConsumer onKept) {
        this.onKept = onKept;
    }

    void add(OpenFile file) {
        OpenFile before;
        do {
            before = first.get();
            file.next = before;
        } while (!first.compareAndSet(before, file));
    }

    void release() {
        if (first.get() == null) {
            return;
        }
        OpenFile file = first.getAndSet(null);
        while (file != null) {
            OpenFile following = file.next;
            file.next = null;
            if (file.kept() != 0) {
                onKept.accept(file.kept());
            }
            file.release();
            file = following;
        }
    }
}
