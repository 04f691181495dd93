package ringfence.it.lab;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import ringfence.it.lab.agent.Agent;

/**
 * L1: Debian's kernel with its own KVM under QEMU's TCG, booted by {@code packaging/lab}. Its programs are started by
 * an {@link Agent} there. Closing it powers it off.
 */
public final class L1Host implements KvmHost {
    private static final int BOOT_MILLIS = 240_000; // the first one of a machine fetches packages and makes images
    private static final int END_SECONDS = 20;
    /** On a busy machine, too: others may boot beside it. */
    private static final Duration BOOT = Duration.ofMinutes(3);

    /**
     * "XSAVE consistency problem: size 832 != kernel_size 576" comes before it, in QEMU's guests on this KVM as in ours:
     * the size that CPUID gives a guest does not follow the guest's XSETBV.
     */
    private static final Pattern XSTATE = Pattern.compile(
            "WARNING: CPU: 0 PID: 0 at arch/x86/kernel/fpu/xstate\\.c:60[56] fpu__init_system_xstate\\+");

    private static final String CLASSES = "/opt/classes";
    private static final String TOOLCHAIN = "/opt/toolchain";

    private final String kernel;
    private final int cpus;
    private final String classPath;
    private final Path directory;
    private final Process lab;
    private final List<String> log = new ArrayList<>();
    private final Thread logger;
    private final SocketChannel socket;
    private final AgentClient agent;

    private L1Host(Checkout checkout, String kernel, int cpus, List<String> parts) throws IOException {
        this.kernel = kernel;
        this.cpus = cpus;
        directory = Files.createTempDirectory("ringfence-l1-");
        classPath = ClassPath.copyTo(checkout, Files.createDirectory(classes())).stream()
                .map(name -> CLASSES + "/" + name)
                .collect(Collectors.joining(":"));
        Path address = directory.resolve("agent");
        try (ServerSocketChannel server = ServerSocketChannel.open(StandardProtocolFamily.UNIX)) {
            server.bind(UnixDomainSocketAddress.of(address));
            lab = start(checkout, address, parts);
            logger = Thread.ofPlatform().daemon().name("l1-log").start(() -> keepLog(checkout));
            socket = accept(server);
        }
        agent = new AgentClient(Channels.newInputStream(socket), Channels.newOutputStream(socket), this::died);
    }

    /** Boots L1 with Debian's kernel {@code kernel}, 6.1 or 6.12, and 1 or 2 processors; waits until it runs programs. */
    public static L1Host boot(Checkout checkout, String kernel, int cpus) {
        return boot(checkout, kernel, cpus, List.of("--peers", "--mount", checkout.makeToolchain() + "=" + TOOLCHAIN));
    }

    /**
     * Boots L1 with two processors and a Debian of this machine's release in which systemd is the first process. It has dpkg,
     * and no toolchain.
     *
     * @param folder one of this machine's, which is there at {@code place}
     */
    public static L1Host bootWithSystemd(Checkout checkout, String kernel, Path folder, String place) {
        return boot(checkout, kernel, 2, List.of("--systemd", "--mount", folder + "=" + place));
    }

    private static L1Host boot(Checkout checkout, String kernel, int cpus, List<String> parts) {
        try {
            L1Host host = new L1Host(checkout, kernel, cpus, parts);
            try {
                host.run(BOOT, Command.of("true")).orThrow();
                return host;
            } catch (RuntimeException e) {
                host.close();
                throw e;
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String name() {
        return "L1 with Linux " + kernel;
    }

    @Override
    public Places places() {
        return new Places("/opt/ringfence", "/opt/guests", "/scratch");
    }

    @Override
    public String toolchain() {
        return TOOLCHAIN;
    }

    @Override
    public int slowness() {
        return 20;
    }

    @Override
    public boolean isArtefact(String line) {
        return XSTATE.matcher(line).find();
    }

    @Override
    public Command java(Class<?> main, String... arguments) {
        return ClassPath.command("java", classPath, main, arguments);
    }

    @Override
    public Program start(Command command) {
        return agent.start(command, command.directory().isEmpty() ? places().scratch() : command.directory());
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
        try {
            socket.shutdownOutput(); // the agent ends, and with it L1
            if (!lab.waitFor(END_SECONDS, TimeUnit.SECONDS)) {
                lab.destroy();
                lab.waitFor(END_SECONDS, TimeUnit.SECONDS);
            }
            socket.close();
            Files.deleteIfExists(directory.resolve("agent"));
            Trees.remove(classes());
            Files.delete(directory);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Path classes() {
        return directory.resolve("classes");
    }

    private Process start(Checkout checkout, Path address, List<String> parts) throws IOException {
        Command command = Command.of(checkout.lab().toString(), "--kernel", kernel, "--cpus", Integer.toString(cpus))
                .with("--java", "--mount", classes() + "=" + CLASSES)
                .with(parts)
                .with("--socket", address.toString(), "--", "java", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
                .with("-cp", classPath, Agent.class.getName());
        ProcessBuilder builder = new ProcessBuilder(command.words());
        builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
        return builder.redirectErrorStream(true).start();
    }

    /** Waits for L1's agent, or for the end of the lab before it came so far. */
    private SocketChannel accept(ServerSocketChannel server) throws IOException {
        server.configureBlocking(false);
        long deadline = System.nanoTime() + BOOT_MILLIS * 1_000_000L;
        while (System.nanoTime() < deadline && lab.isAlive()) {
            SocketChannel channel = server.accept();
            if (channel != null) {
                channel.configureBlocking(true);
                return channel;
            }
            try {
                lab.waitFor(20, TimeUnit.MILLISECONDS);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                break;
            }
        }
        lab.destroy();
        throw new LabException(name() + " did not start: " + lastWords());
    }

    private RuntimeException died() {
        try {
            lab.waitFor(END_SECONDS, TimeUnit.SECONDS);
            logger.join(END_SECONDS * 1_000L);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        return new HostDiedException(name(), lastWords());
    }

    private void keepLog(Checkout checkout) {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(lab.getInputStream(), StandardCharsets.UTF_8))) {
            Path file = Files.createDirectories(checkout.output()).resolve("l1-" + kernel + ".log");
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                synchronized (log) {
                    log.add(line);
                }
                Files.writeString(file, line + "\n", StandardOpenOption.CREATE, StandardOpenOption.APPEND);
            }
        } catch (IOException e) {
            synchronized (log) {
                log.add("log lost: " + e.getMessage());
            }
        }
    }

    private String lastWords() {
        synchronized (log) {
            return String.join("\n", log);
        }
    }
}
