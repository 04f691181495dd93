package ringfence.net.cli;

import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import ringfence.keep.Keeper;
import ringfence.keep.KeptDescriptors;
import ringfence.keep.NoKeeper;
import ringfence.keep.NotifyKeeper;
import ringfence.keep.Standby;
import ringfence.linux.Linux;
import ringfence.net.backend.KeptTap;

/**
 * What a predecessor has left, and who holds what we leave. Owns what nobody takes.
 *
 * @param keeper a supervisor, if there is one
 * @param kept what it has had from our predecessor
 */
record Succession(Keeper keeper, KeptDescriptors kept) implements AutoCloseable {
    /** Nobody was before, and nobody will be after us. */
    static Succession none() {
        return new Succession(new NoKeeper(), KeptDescriptors.none());
    }

    /**
     * As the environment says; a standby waits here until it is needed, and has found its keeper by then.
     *
     * @param log takes a line about a supervisor that cannot be reached
     * @return empty: it is not needed any more
     * @throws IllegalArgumentException if what is said of descriptors is wrong; one line
     */
    static Optional<Succession> of(Linux linux, Map<String, String> environment, Consumer<String> log) {
        Keeper keeper = NotifyKeeper.from(linux, environment, log);
        return Standby.succession(linux, environment, KeptTap::isOurs, needed -> NetTraining.rehearse(linux, needed))
                .map(kept -> new Succession(keeper, kept));
    }

    @Override
    public void close() {
        kept.close();
    }
}
