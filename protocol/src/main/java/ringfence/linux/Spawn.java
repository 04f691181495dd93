package ringfence.linux;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A process to be started, and exactly what it gets of ours. See {@link Processes#spawn}.
 *
 * @param arguments the program's path, then its arguments
 * @param environment all of its environment; nothing of ours goes along by itself
 * @param fds the descriptor numbers that the child sees, and what they are of ours; they stay ours. 0, 1 and 2 are
 *     /dev/null unless named here, every other number is closed in the child
 * @param newSession whether it leads a session of its own, so that our terminal's Ctrl-C does not reach it
 */
public record Spawn(List<String> arguments, Map<String, String> environment, Map<Integer, Fd> fds, boolean newSession) {
    /** Copies what it is given. */
    public Spawn {
        if (arguments.isEmpty()) {
            throw new IllegalArgumentException("no program");
        }
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
        fds = Map.copyOf(fds);
        fds.keySet().forEach(number -> {
            if (number < 0 || number > 10_000) {
                throw new IllegalArgumentException("descriptor number " + number + " in the child, 0 to 10000");
            }
        });
    }

    /** A program with an empty environment, no descriptors, in our session. */
    public static Spawn of(String... arguments) {
        return new Spawn(List.of(arguments), Map.of(), Map.of(), false);
    }

    /** The same with a variable more. */
    public Spawn env(String name, String value) {
        Map<String, String> more = new TreeMap<>(environment);
        more.put(name, value);
        return new Spawn(arguments, more, fds, newSession);
    }

    /** The same with a descriptor more. */
    public Spawn fd(int childNumber, Fd ours) {
        Map<Integer, Fd> more = new HashMap<>(fds);
        more.put(childNumber, ours);
        return new Spawn(arguments, environment, more, newSession);
    }

    /** The same in a session of its own. */
    public Spawn inNewSession() {
        return new Spawn(arguments, environment, fds, true);
    }
}
