package ringfence.keep;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * The descriptors that a predecessor gave to its {@link Keeper}, by name, as sd_listen_fds_with_names(3) describes them.
 * Owns those that nobody has taken. One thread.
 */
public final class KeptDescriptors implements AutoCloseable {
    private static final int FIRST = 3;
    private static final int MOST = 1 << 20;

    private record Kept(String name, Fd fd) {}

    private final List<Kept> kept = new ArrayList<>();

    private KeptDescriptors() {}

    /** Nobody has left anything. */
    public static KeptDescriptors none() {
        return new KeptDescriptors();
    }

    /**
     * Those of {@code LISTEN_FDS} and {@code LISTEN_FDNAMES}: none if {@code LISTEN_PID} is not this process, since a child
     * inherits variables that were not meant for it. Takes their numbers over, which are 3 and more, so it is to be called
     * once, before anything else opens files by number. What has no name is called {@code unknown}.
     *
     * @param ours whether we have had that name kept; what has another stays where it is: a socket of a unit's, which the
     *     command line names by its number
     * @throws IllegalArgumentException if they are for us and wrong; one line
     */
    public static KeptDescriptors from(Linux linux, Map<String, String> environment, Predicate<String> ours) {
        return from(linux, environment, ours, FIRST);
    }

    /** @param first the number of the first one */
    static KeptDescriptors from(Linux linux, Map<String, String> environment, Predicate<String> ours, int first) {
        KeptDescriptors descriptors = new KeptDescriptors();
        String process = environment.getOrDefault("LISTEN_PID", "");
        if (!process.equals(Integer.toString(linux.processes().pid()))) {
            return descriptors;
        }
        int count = count(environment.getOrDefault("LISTEN_FDS", ""));
        String[] names = environment.getOrDefault("LISTEN_FDNAMES", "").split(":", -1);
        try {
            for (int i = 0; i < count; i++) {
                String name = i < names.length && !names[i].isEmpty() ? names[i] : "unknown";
                if (ours.test(name)) {
                    descriptors.kept.add(new Kept(name, linux.files().takeOver(first + i)));
                }
            }
            return descriptors;
        } catch (ErrnoException e) {
            descriptors.close();
            throw new IllegalArgumentException(
                    "$LISTEN_FDS=" + count + ", but one of the descriptors from " + first + " on is none: "
                            + e.getMessage(),
                    e);
        }
    }

    private static int count(String number) {
        try {
            int count = Integer.parseInt(number);
            if (count >= 0 && count <= MOST) {
                return count;
            }
        } catch (NumberFormatException _) {
            // said below
        }
        throw new IllegalArgumentException("$LISTEN_FDS=" + number + " is no number of descriptors");
    }

    /** One more, which it owns from now on. */
    public void add(String name, Fd fd) {
        kept.add(new Kept(name, fd));
    }

    /** Gives away the first one of this name. */
    public Optional<Fd> take(String name) {
        for (int i = 0; i < kept.size(); i++) {
            if (kept.get(i).name.equals(name)) {
                return Optional.of(kept.remove(i).fd);
            }
        }
        return Optional.empty();
    }

    /** The names of those that are still here, in the order in which they came. */
    public List<String> names() {
        return kept.stream().map(Kept::name).toList();
    }

    /** Closes those that nobody has taken. */
    @Override
    public void close() {
        kept.forEach(one -> one.fd.close());
        kept.clear();
    }
}
