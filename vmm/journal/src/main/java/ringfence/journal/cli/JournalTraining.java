package ringfence.journal.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.List;
import picocli.CommandLine;
import ringfence.journal.RingWriter;
import ringfence.journal.store.Collector;
import ringfence.journal.store.Retention;
import ringfence.linux.Linux;
import ringfence.process.Program;

/** What the program does when its AOT cache is trained: a ring is filled, drained, and read back. */
public final class JournalTraining {
    private JournalTraining() {}

    /** Runs it, in the current directory, and ends the process. */
    public static void main(String[] arguments) {
        Program.main("ringfence-journal", () -> run(Path.of("journal-training").toAbsolutePath()));
    }

    private static int run(Path folder) throws IOException {
        Path rings = folder.resolve("rings");
        Path store = folder.resolve("store");
        Linux linux = Linux.system();
        RingWriter ring = RingWriter.create(linux, rings, "");
        ring.record("vm", "booted", List.of());
        ring.record("ringfence", "device-lost", List.of("id", "d0", "reason", "training"));
        try (Collector collector =
                Collector.open(linux, rings, store, Retention.DEFAULT, InstantSource.system(), System.err::println)) {
            collector.turn();
            ring.close();
            collector.turn();
            collector.turn();
        }
        return new CommandLine(new JournalMain())
                .execute("events", "--rings=" + rings, "--store=" + store, "--kind=vm", "--since=1d");
    }
}
