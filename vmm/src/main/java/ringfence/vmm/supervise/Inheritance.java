package ringfence.vmm.supervise;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.StringJoiner;
import ringfence.linux.Fd;
import ringfence.linux.Spawn;

/**
 * How a daemon gets what its predecessor has left: by the convention of sd_listen_fds(3), as from systemd. From number 3 on
 * there are {@code $LISTEN_FDS} descriptors, {@code $LISTEN_FDNAMES} says which is which, and the socket comes after them.
 * {@code $LISTEN_PID} has to be the daemon's own number, which nobody knows before it lives: a shell says it, and becomes
 * the daemon. One that inherits nothing is started without all that.
 */
final class Inheritance {
    private static final List<String> SAYING_WHO = List.of("/bin/sh", "-c", "export LISTEN_PID=$$; exec \"$0\" \"$@\"");
    private static final int FIRST = 3;

    private Inheritance() {}

    /**
     * The daemon's process.
     *
     * @param standard its descriptors 0 to 2
     * @param socket its end of the connection
     * @param left what its predecessor has left, by name
     * @param store where it leaves things itself
     */
    static Spawn of(
            DaemonCommand command, Map<Integer, Fd> standard, Fd socket, SequencedMap<String, Fd> left, String store) {
        Map<Integer, Fd> fds = new HashMap<>(standard);
        StringJoiner names = new StringJoiner(":");
        int next = FIRST;
        for (Map.Entry<String, Fd> one : left.entrySet()) {
            names.add(one.getKey());
            fds.put(next++, one.getValue());
        }
        fds.put(next, socket);
        Map<String, String> environment = new HashMap<>(Map.of("NOTIFY_SOCKET", store));
        List<String> words = new ArrayList<>();
        if (!left.isEmpty()) {
            environment.put("LISTEN_FDS", Integer.toString(left.size()));
            environment.put("LISTEN_FDNAMES", names.toString());
            words.addAll(SAYING_WHO);
        }
        words.addAll(command.argumentList(next));
        return new Spawn(words, environment, fds, true);
    }
}
