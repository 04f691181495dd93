package ringfence.vmm.supervise;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * How a daemon is started.
 *
 * @param device id of the device that it serves, such as {@code _disk0}
 * @param image path of what it serves
 * @param program its launcher
 * @param arguments its options, without the socket
 */
public record DaemonCommand(String device, String image, Path program, List<String> arguments) {
    /** Number of the socket in the daemon. */
    static final int SOCKET = 3;

    /** An immutable command. */
    public DaemonCommand {
        arguments = List.copyOf(arguments);
    }

    /** The argument list, the program first. */
    List<String> argumentList() {
        List<String> all = new ArrayList<>();
        all.add(program.toString());
        all.add("--fd=" + SOCKET);
        all.addAll(arguments);
        return List.copyOf(all);
    }
}
