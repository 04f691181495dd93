package ringfence.net.cli;

import java.time.Clock;
import java.util.Optional;
import ringfence.net.engine.QueueCounters;
import ringfence.telemetry.Counters;
import ringfence.telemetry.CountersFile;
import ringfence.vhostuser.link.QueueStats;

/** Where the daemon counts: in a file, if {@code --counters} names one. */
final class CountersOption implements AutoCloseable {
    private static final String OPTION = "--counters";
    private static final String PROGRAM = "vhost-user-net";

    private final Optional<CountersFile> file;

    private CountersOption(Optional<CountersFile> file) {
        this.file = file;
    }

    /**
     * Makes the file. That of a shared socket, which may have many queues and has few, takes memory as they come.
     *
     * @throws IllegalArgumentException with one line that names the option
     */
    static CountersOption open(NetSpec spec) {
        int capacity =
                spec.queues() * (QueueStats.count() + QueueCounters.count()) + QueueCounters.count(); // and an uplink's
        Clock clock = Clock.systemUTC();
        return new CountersOption(spec.counters()
                .map(file -> spec.shared().isPresent()
                        ? CountersFile.sparse(OPTION, file, PROGRAM, capacity, clock)
                        : CountersFile.create(OPTION, file, PROGRAM, capacity, clock)));
    }

    Counters counters() {
        return file.map(CountersFile::counters).orElseGet(Counters::hidden);
    }

    @Override
    public void close() {
        file.ifPresent(CountersFile::close);
    }
}
