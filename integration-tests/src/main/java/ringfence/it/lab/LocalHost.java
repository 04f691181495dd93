package ringfence.it.lab;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.Channels;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import ringfence.it.lab.agent.Agent;

/** This machine. Its agent is a thread of this process. */
public final class LocalHost implements KvmHost {
    private final Checkout checkout;
    private final Path scratch;
    private final AgentClient agent;
    private String guests;

    /** With a scratch directory of its own below {@code target}. */
    public LocalHost(Checkout checkout) {
        this.checkout = checkout;
        try {
            scratch = Files.createTempDirectory(Files.createDirectories(checkout.output()), "local-");
            Pipe orders = Pipe.open();
            Pipe reports = Pipe.open();
            Agent server =
                    new Agent(Channels.newInputStream(orders.source()), Channels.newOutputStream(reports.sink()));
            Thread.ofPlatform().daemon().name("agent").start(() -> serve(server, reports.sink()));
            agent = new AgentClient(
                    Channels.newInputStream(reports.source()),
                    Channels.newOutputStream(orders.sink()),
                    () -> new LabException("this host was closed"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void serve(Agent server, Pipe.SinkChannel reports) {
        try (reports) {
            server.serve();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String name() {
        return "this machine";
    }

    @Override
    public synchronized Places places() {
        if (guests == null) {
            guests = checkout.makeGuests();
        }
        return new Places(checkout.product().toString(), guests, scratch.toString());
    }

    @Override
    public String toolchain() {
        return checkout.makeToolchain();
    }

    @Override
    public int slowness() {
        return 1;
    }

    @Override
    public boolean isArtefact(String line) {
        return false;
    }

    @Override
    public Command java(Class<?> main, String... arguments) {
        return ClassPath.command(System.getProperty("java.home") + "/bin/java", ClassPath.here(), main, arguments);
    }

    @Override
    public Program start(Command command) {
        return agent.start(command, command.directory().isEmpty() ? scratch.toString() : command.directory());
    }

    @Override
    public List<Program> programs() {
        return agent.programs();
    }

    @Override
    public void forgetEnded() {
        agent.forgetEnded();
    }

    @Override
    public void close() {
        agent.close();
        try {
            Trees.remove(scratch);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
