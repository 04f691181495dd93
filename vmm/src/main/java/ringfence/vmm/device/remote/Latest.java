package ringfence.vmm.device.remote;

import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;

/**
 * A wish of the guest of which only the newest counts, on its way to the link thread: however often the guest asks while
 * a mute back-end holds that thread up, one command waits. Any thread.
 */
final class Latest<T> {
    private final AtomicReference<T> wish = new AtomicReference<>(); // null: no command is on its way
    private final Link link;
    private final Consumer<T> use;

    /** Wishes that {@code use} is given on the link's thread. */
    Latest(Link link, Consumer<T> use) {
        this.link = link;
        this.use = use;
    }

    /** @return the wish that this one takes the place of, which is never used; null: none */
    T ask(T value) {
        T before = wish.getAndSet(value);
        if (before == null) {
            link.post(() -> use.accept(wish.getAndSet(null)));
        }
        return before;
    }
}
