package ringfence.it.promise;

import java.time.Duration;
import ringfence.it.lab.Command;
import ringfence.it.lab.KvmHost;

/**
 * How many descriptors a process of a host has open: a folder's daemon has one for each node and each handle of its guest.
 *
 * @param below counted are those of files whose path begins so
 */
record Descriptors(KvmHost host, String process, String below) {
    private static final String COUNT = "count() { ls -l /proc/$1/fd | grep -c -F -e \"-> $2\"; }; ";
    private static final Duration LONG = Duration.ofMinutes(1);

    /** Now. */
    int number() {
        return Integer.parseInt(
                host.script(COUNT + "count \"$@\" || true", process, below).text());
    }

    /** Once the number has not changed for a second. */
    int settled() {
        return Integer.parseInt(host.script(
                        COUNT + "last=; now=none; until [ \"$last\" = $now ]; do last=$now; sleep 1;"
                                + " now=$(count \"$@\"); done; echo $now",
                        process,
                        below)
                .text());
    }

    /** Waits until it is that; fails with what is open. */
    void await(int number) {
        host.run(
                        LONG,
                        Command.script(
                                COUNT + "n=0; until [ $(count \"$@\") = $3 ]; do n=$((n + 1)); [ $n -lt 100 ] || {"
                                        + " ls -l /proc/$1/fd; exit 1; }; usleep 200000; done",
                                process,
                                below,
                                Integer.toString(number)))
                .orThrow();
    }
}
