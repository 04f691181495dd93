package ringfence.it.promise;

import java.time.Duration;
import ringfence.it.lab.Command;
import ringfence.it.lab.KvmHost;

/** How many descriptors a process of a host has open: a folder's daemon has one for each node and each handle of its guest. */
record Descriptors(KvmHost host, String process) {
    private static final Duration LONG = Duration.ofMinutes(1);

    /** Now. */
    int number() {
        return Integer.parseInt(host.script("ls /proc/$1/fd | wc -l", process).text());
    }

    /** Once the number has not changed for a second. */
    int settled() {
        return Integer.parseInt(host.script(
                        "last=0; now=1; until [ $last = $now ]; do last=$now; sleep 1; now=$(ls /proc/$1/fd | wc -l);"
                                + " done; echo $now",
                        process)
                .text());
    }

    /** Waits until it is that; fails with what is open. */
    void await(int number) {
        host.run(
                        LONG,
                        Command.script(
                                "n=0; until [ $(ls /proc/$1/fd | wc -l) = $2 ]; do n=$((n + 1)); [ $n -lt 100 ] || {"
                                        + " ls -l /proc/$1/fd; exit 1; }; usleep 200000; done",
                                process,
                                Integer.toString(number)))
                .orThrow();
    }
}
