package ringfence.fs.tree;

import java.util.concurrent.atomic.AtomicReference;

/** Open files that nobody needs any more, to be let go of outside of any lock. Any thread; allocates nothing. */
final class Retired {
    private final AtomicReference<OpenFile> first = new AtomicReference<>();

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
            file.release();
            file = following;
        }
    }
}
