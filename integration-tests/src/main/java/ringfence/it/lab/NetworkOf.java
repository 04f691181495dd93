package ringfence.it.lab;

import java.time.Duration;

/**
 * The network of a process that {@link #alone} has started: a namespace of its own, which ends with it. So no address of a
 * test meets one of the machine's. Needs root.
 *
 * @param host where it runs
 * @param pid the process
 */
public record NetworkOf(KvmHost host, long pid) {
    /** The same command in a new network without interfaces; it keeps its process id. */
    public static Command alone(Command command) {
        return Command.of("unshare", "-n").with(command.words());
    }

    /** Starts a program that sees this network. The caller closes it. */
    public Program start(Command command) {
        return host.start(Command.of("nsenter", "-t", Long.toString(pid), "-n").with(command.words()));
    }

    /** Waits until somebody listens at a port of TCP. */
    public void awaitListener(int port) {
        try (Program waiting = start(Command.script(
                "n=0; until cat /proc/net/tcp /proc/net/tcp6 2>/dev/null | grep -q \":$1 0*:0000 0A\"; do"
                        + " [ $n -lt 300 ] || exit 1; sleep 0.1; n=$((n + 1)); done",
                "%04X".formatted(port)))) {
            waiting.await(Duration.ofMinutes(1)).orThrow();
        }
    }
}
