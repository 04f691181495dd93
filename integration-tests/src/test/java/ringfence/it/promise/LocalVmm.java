package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.VmmApi;

/** A VMM on this host whose guest is of a few instructions: any KVM will do. {@link #close} kills it if it still runs. */
record LocalVmm(KvmHost host, Program program, VmmApi api) implements AutoCloseable {
    private static final Duration SOON = Duration.ofSeconds(60);

    /** What is waited for. */
    interface Condition {
        boolean holds() throws IOException;
    }

    /** Starts one with more options that serves its API at {@code socket}; skips the test where there is no KVM. */
    static LocalVmm start(Path socket, UnaryOperator<Command> options) {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Checkout checkout = Checkout.find();
        KvmHost host = new LocalHost(checkout);
        Command command = Command.of(
                        checkout.product().resolve("bin/cloud-hypervisor").toString())
                .with("--api-socket", socket.toString())
                .variable("RINGFENCE_ANY_KVM", "1");
        Program program = host.start(options.apply(command));
        return new LocalVmm(host, program, new VmmApi(socket));
    }

    /** Waits until its guest runs. */
    void awaitRunning() throws Exception {
        await(() -> api.isServed() && api.get("vm.info").body().contains("\"state\":\"Running\""));
    }

    /** Waits for the process that tidies up if this one is killed: it comes some time after the first of what it is to remove. */
    void awaitLastWill() throws Exception {
        await(() -> !children("last-will").isEmpty());
    }

    /** Its children whose names begin so. */
    List<ProcessHandle> children(String name) {
        return ProcessHandle.of(program.pid())
                .orElseThrow()
                .children()
                .filter(child -> name(child.pid()).startsWith(name))
                .toList();
    }

    private static String name(long process) {
        try {
            return Files.readString(Path.of("/proc/" + process + "/comm"));
        } catch (IOException _) {
            return ""; // it has ended
        }
    }

    /** Waits until that holds; fails with what the VMM has said. */
    void await(Condition condition) throws Exception {
        await(condition, () -> "");
    }

    /** The same; {@code otherwise} is asked, when it fails, how things are. */
    void await(Condition condition, Supplier<String> otherwise) throws Exception {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!condition.holds()) {
            assertThat(program.isRunning()).as(() -> program.err().text()).isTrue();
            assertThat(System.nanoTime() - deadline)
                    .as(() -> otherwise.get() + "\n" + program.err().text())
                    .isNegative();
            Thread.sleep(20);
        }
    }

    @Override
    public void close() {
        program.close();
        host.close();
    }
}
