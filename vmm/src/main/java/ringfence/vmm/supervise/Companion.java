package ringfence.vmm.supervise;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Somebody else's program that a daemon works with: it is started anew with each daemon, a stream socket between the two,
 * and ends when that closes. It drops privileges by itself.
 *
 * @param program its path
 * @param arguments its options; its end of the socket is number {@value #SOCKET}
 */
public record Companion(Path program, List<String> arguments) {
    /** Number of its end of the socket. */
    public static final int SOCKET = 3;

    /** Copies the list. */
    public Companion {
        arguments = List.copyOf(arguments);
    }

    /** The argument list, the program first. */
    List<String> argumentList() {
        List<String> all = new ArrayList<>();
        all.add(program.toString());
        all.addAll(arguments);
        return all;
    }
}
