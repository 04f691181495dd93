package ringfence.vmm.device.net;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Open vSwitch with DPDK, not as a service: its database and its switch run in a directory of the caller's and in network
 * and mount namespaces of their own, in which there is a tap for each bridge. They end with this JVM.
 */
final class OpenVswitch implements AutoCloseable {
    /** From the module's directory, in which tests run. */
    private static final String RUN = "../packaging/openvswitch";

    /** Runs a program until standard input ends, then kills it. */
    private static final String LEASH = "\"$@\" </dev/null & read -r _; kill -9 $! && wait";

    private static final int SECONDS = 30;

    private final Path directory;
    private final List<Process> running = new ArrayList<>();

    /**
     * Starts the database.
     *
     * @param directory empty; its path is that of a socket, which has to be short
     */
    OpenVswitch(Path directory) throws IOException, InterruptedException {
        this.directory = directory;
        run("ovsdb-tool", "create");
        leash("ovsdb-server", "--remote=punix:db.sock", "--pidfile", "--log-file");
        run("sh", "-c", "until [ -S db.sock ]; do sleep 0.01; done; ovs-vsctl --no-wait init");
        String drivers = run("--drivers").strip().replace('\n', ' ');
        run(
                "ovs-vsctl",
                "--no-wait",
                "set",
                "Open_vSwitch",
                ".",
                "other_config:dpdk-extra=\"--no-telemetry --no-pci " + drivers + "\"");
    }

    /** Whether there is one to be started. */
    static boolean isThere() throws IOException, InterruptedException {
        return new ProcessBuilder(RUN, "--have").start().waitFor() == 0;
    }

    /** Whether this user may make namespaces. */
    static boolean mayStart() throws IOException, InterruptedException {
        return new ProcessBuilder("unshare", "--net", "--mount", "true").start().waitFor() == 0;
    }

    private ProcessBuilder builder(String... words) {
        List<String> command = new ArrayList<>();
        command.add(Path.of(RUN).toAbsolutePath().normalize().toString());
        command.addAll(Arrays.asList(words));
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(directory.toFile()).redirectErrorStream(true);
        for (String name : List.of("OVS_RUNDIR", "OVS_LOGDIR", "OVS_DBDIR", "OVS_SYSCONFDIR")) {
            builder.environment().put(name, directory.toString());
        }
        return builder;
    }

    private Process leash(String... words) throws IOException {
        List<String> command = new ArrayList<>(List.of("sh", "-c", LEASH, "leash"));
        command.addAll(Arrays.asList(words));
        Process process = builder(command.toArray(String[]::new))
                .redirectOutput(ProcessBuilder.Redirect.appendTo(
                        directory.resolve("output").toFile()))
                .start();
        running.add(process);
        return process;
    }

    /** Runs a command of its, or a shell, to its end. @return what it says */
    String run(String... words) throws IOException, InterruptedException {
        Process process = builder(words)
                .redirectOutput(directory.resolve("answer").toFile())
                .start();
        boolean ended = process.waitFor(SECONDS, TimeUnit.SECONDS);
        process.destroyForcibly();
        String answer = Files.readString(directory.resolve("answer"), StandardCharsets.UTF_8);
        if (!ended || process.exitValue() != 0) {
            throw new IOException(String.join(" ", words) + ": " + answer + log());
        }
        return answer;
    }

    /** Starts the switch, which does what the database says. */
    void start() throws IOException {
        leash(
                "unshare",
                "--net",
                "--mount",
                "ovs-vswitchd-dpdk",
                "--unixctl=switch.ctl",
                "--log-file=ovs-vswitchd.log");
    }

    /** Ends the switch with SIGKILL. */
    void kill() throws IOException {
        end(running.removeLast());
    }

    private static void end(Process process) throws IOException {
        process.getOutputStream().close();
        process.onExit().orTimeout(SECONDS, TimeUnit.SECONDS).join();
    }

    /** What the switch has logged. */
    String log() throws IOException {
        Path log = directory.resolve("ovs-vswitchd.log");
        return Files.exists(log) ? "\n" + Files.readString(log, StandardCharsets.UTF_8) : "";
    }

    @Override
    public void close() throws IOException {
        for (Process process : running.reversed()) {
            end(process);
        }
    }
}
