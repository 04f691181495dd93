package ringfence.it.lab;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;

/** A machine on which KVM runs stock kernels: this one, or L1. Safe for any thread. */
public interface KvmHost extends AutoCloseable {
    /** For messages. */
    String name();

    /** Where the product, the guests and scratch space are. */
    Places places();

    /** The tree with a compiler for guests, as {@link Checkout#makeToolchain} makes it. */
    String toolchain();

    /** How many times longer things take here than on real hardware, roughly: for deadlines, not for figures. */
    int slowness();

    /** Whether a line of a guest's kernel log is this host's doing, under whatever VMM. */
    boolean isArtefact(String line);

    /** A class of the tests' own class path as a program there, in a JVM of its own that has java.base and no more. */
    Command java(Class<?> main, String... arguments);

    /** Starts a program. The caller closes it; what is left ends with the host. */
    Program start(Command command);

    /** The programs that were started here, but for those that had ended at the last {@link #forgetEnded}. */
    List<Program> programs();

    /** Keeps nothing of the programs that have ended. */
    void forgetEnded();

    /** Runs a program to its end. {@link LabException} with its output when it takes longer. */
    default Outcome run(Duration atMost, Command command) {
        try (Program program = start(command)) {
            program.endInput();
            return program.await(atMost);
        }
    }

    /** Runs a program to its end within a minute; any status but 0 is a {@link LabException}. */
    default Outcome run(String... words) {
        return run(Duration.ofMinutes(1), Command.of(words)).orThrow();
    }

    /** Runs a shell script to its end within a minute; any status but 0 is a {@link LabException}. */
    default Outcome script(String text, String... arguments) {
        return run(Duration.ofMinutes(1), Command.script(text, arguments)).orThrow();
    }

    /** Writes a file. */
    default void write(String path, byte[] bytes) {
        try (Program program = start(Command.script("cat >\"$1\"", path))) {
            program.feed(bytes);
            program.endInput();
            program.await(Duration.ofMinutes(1)).orThrow();
        }
    }

    /** Reads a file. */
    default byte[] read(String path) {
        return run("cat", path).out().getBytes(StandardCharsets.ISO_8859_1);
    }

    /** Ends everything on it. */
    @Override
    void close();
}
