package ringfence.it.promise;

import java.time.Duration;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.KvmHost;

/** The daemon that waits to take over from another one. */
final class Standby {
    private static final Duration LONG = Duration.ofMinutes(3);
    /** Waits until the VMM has another such child, a thread of which waits for a message (recvmsg, twice in half a second). */
    private static final String WARM = """
        waits() {
            for process in $(grep -l "^PPid:[[:space:]]*$1$" /proc/[0-9]*/status 2>/dev/null); do
                process=${process%/status}
                [ $process = /proc/$2 ] || ! grep -q -e "$3" $process/cmdline || cat $process/task/*/syscall
            done 2>/dev/null | grep -q '^47 '
        }
        until waits "$1" "$2" "$3" && sleep 0.5 && waits "$1" "$2" "$3"; do sleep 0.5; done
        """;

    private Standby() {}

    /**
     * Waits until the daemon that is to follow one has started, and waits.
     *
     * @param daemon the process that serves
     * @param option what the daemons of this device have on their command line, and no other
     */
    static void awaitWarm(KvmHost host, Guest guest, String daemon, String option) {
        host.run(LONG, Command.script(WARM, Long.toString(guest.vmm().pid()), daemon, option))
                .orThrow();
    }
}
