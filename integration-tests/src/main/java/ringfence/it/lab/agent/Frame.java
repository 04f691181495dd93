package ringfence.it.lab.agent;

import java.util.List;
import java.util.Map;

/** One message between a test and the {@link Agent}; {@link FrameCodec} gives its bytes. */
public sealed interface Frame {
    /** The program that this is about, by the number that {@link Start} gave it. */
    int program();

    /** From the test to the agent. */
    sealed interface Order extends Frame {}

    /** From the agent to the test. */
    sealed interface Report extends Frame {}

    /** Start a program: its words, what to add to the environment, and where; an empty directory is the agent's own. */
    record Start(int program, List<String> words, Map<String, String> environment, String directory) implements Order {
        /** Keeps copies. */
        public Start {
            words = List.copyOf(words);
            environment = Map.copyOf(environment);
        }
    }

    /** Bytes for the program's standard input. */
    record Input(int program, byte[] bytes) implements Order {}

    /** Its standard input ends here. */
    record EndOfInput(int program) implements Order {}

    /** Send it a signal, by Linux's number. */
    record Signal(int program, int signal) implements Order {}

    /** It runs. */
    record Started(int program, long pid) implements Report {}

    /** It could not be started, for this reason; nothing follows. */
    record Refused(int program, String reason) implements Report {}

    /** It wrote to standard output (1) or standard error (2). */
    record Output(int program, int stream, byte[] bytes) implements Report {}

    /** It ended: its exit status, or 128 and the signal that killed it. Nothing follows. */
    record Exited(int program, int status) implements Report {}
}
