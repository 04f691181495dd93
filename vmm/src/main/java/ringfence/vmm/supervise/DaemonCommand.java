package ringfence.vmm.supervise;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.linux.Fd;
import ringfence.linux.FileRight;
import ringfence.sandbox.Box;
import ringfence.sandbox.PathRule;

/**
 * How a daemon is started.
 *
 * @param device id of the device that it serves, such as {@code _disk0}
 * @param serves path of the image or folder that it serves; empty: that is no file
 * @param program its launcher
 * @param arguments its options, without the socket
 * @param box what it is confined to
 * @param fds what else it gets of ours, from number {@value #FIRST_FD} on, which stays ours
 * @param companion what is started with it; its socket has the number after those
 * @param standby whether another one waits to take over
 */
public record DaemonCommand(
        String device,
        Optional<String> serves,
        Path program,
        List<String> arguments,
        Box box,
        List<Fd> fds,
        Optional<Companion> companion,
        boolean standby) {
    /** Number of the socket in the daemon. */
    static final int SOCKET = 3;

    /** Number of the first of {@link #fds} in the daemon; the others follow. */
    public static final int FIRST_FD = 4;

    /** An immutable command. */
    public DaemonCommand {
        arguments = List.copyOf(arguments);
        fds = List.copyOf(fds);
    }

    /** The same, which counts in this file: that is there already, and the box lets the daemon write to it. */
    public DaemonCommand counting(Path file) {
        List<String> more = new ArrayList<>(arguments);
        more.add("--counters=" + file);
        PathRule rule = PathRule.of(file.toString(), FileRight.READ_FILE, FileRight.WRITE_FILE, FileRight.TRUNCATE);
        return new DaemonCommand(device, serves, program, more, box.with(rule), fds, companion, standby);
    }

    /** The same, which sends to a socket at this path. */
    DaemonCommand sendingTo(String path) {
        Box reaching = box.with(PathRule.of(path)); // Landlock does not guard sockets: that it is there is enough
        return new DaemonCommand(device, serves, program, arguments, reaching, fds, companion, standby);
    }

    /** The same by another user, which takes root. @param user its number, and that of its group */
    public DaemonCommand as(int user) {
        return new DaemonCommand(device, serves, program, arguments, box.as(user), fds, companion, standby);
    }

    /** The argument list, the program first. @param socket number of the socket in the daemon */
    List<String> argumentList(int socket) {
        List<String> all = new ArrayList<>();
        all.add(program.toString());
        all.add("--fd=" + socket);
        all.addAll(arguments);
        return List.copyOf(all);
    }
}
