package ringfence.net.cli;

import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import ringfence.net.engine.QueueCounters;
import ringfence.telemetry.Counters;
import ringfence.telemetry.CountersFile;
import ringfence.vhostuser.link.QueueStats;

/** Where the daemon counts: in a file, if {@code --counters} names one. */
final class CountersOption implements AutoCloseable {
    private final Optional<CountersFile> file;

    private CountersOption(Optional<CountersFile> file) {
        this.file = file;
    }

    /**
     * Makes the file.
     *
     * @param path empty: nobody reads the counters
     * @param queues how many count
     * @throws IllegalArgumentException with one line that names the option
     */
    static CountersOption open(Optional<Path> path, int queues) {
        int capacity = queues * (QueueStats.count() + QueueCounters.count()) + QueueCounters.count(); // and an uplink's
        return new CountersOption(path.map(
                name -> CountersFile.create("--counters", name, "vhost-user-net", capacity, Clock.systemUTC())));
    }

    Counters counters() {
        return file.map(CountersFile::counters).orElseGet(Counters::hidden);
    }

    @Override
    public void close() {
        file.ifPresent(CountersFile::close);
    }
}
