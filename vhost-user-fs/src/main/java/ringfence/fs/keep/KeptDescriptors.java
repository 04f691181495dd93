package ringfence.fs.keep;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/** The descriptors that a predecessor gave to its {@link Keeper}, by name. Owns those that nobody has taken. */
public final class KeptDescriptors implements AutoCloseable {
    private KeptDescriptors() {}

    /**
     * From {@code LISTEN_FDS}, {@code LISTEN_FDNAMES} and {@code LISTEN_PID}. None if these are not for this process. To be
     * called once per process: it takes the numbers over.
     */
    public static KeptDescriptors from(Linux linux, Map<String, String> environment) {
        throw new UnsupportedOperationException();
    }

    /** Gives away the (first) one of this name. */
    public Optional<Fd> take(String name) {
        throw new UnsupportedOperationException();
    }

    /** The names of those that are still here, in the order in which they came. */
    public List<String> names() {
        throw new UnsupportedOperationException();
    }

    /** Closes those that nobody has taken. */
    @Override
    public void close() {}
}
