package ringfence.it.dpdk;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ringfence.it.lab.Checkout;

/** A running testpmd, which is asked over its command line. It forwards nothing until it is told to. One thread. */
public final class Testpmd implements AutoCloseable {
    private static final String PROMPT = "testpmd> ";
    private static final long PATIENCE_NANOS = 30_000_000_000L;
    private static final int LEAVE_SECONDS = 10;

    private final Process process;
    private final Path log;
    private int prompts;

    private Testpmd(Process process, Path log) {
        this.process = process;
        this.log = log;
    }

    /** Whether there is one to be started. */
    public static boolean isThere(Checkout checkout) throws IOException, InterruptedException {
        return new ProcessBuilder(program(checkout), "--have").start().waitFor() == 0;
    }

    private static String program(Checkout checkout) {
        return checkout.root().resolve("packaging/testpmd").toString();
    }

    /**
     * Starts one and waits until it takes commands.
     *
     * @param log what it prints; made anew
     * @param cores as taskset(1) takes them: its two threads, of which one forwards, run there
     * @param devices as {@code --vdev} takes them
     * @param options of testpmd itself
     */
    public static Testpmd start(Checkout checkout, Path log, String cores, List<String> devices, List<String> options)
            throws IOException, InterruptedException {
        List<String> words = new ArrayList<>(List.of("stdbuf", "-oL", program(checkout)));
        words.addAll(List.of("--no-shconf", "--no-huge", "--no-pci", "--no-telemetry", "-v"));
        words.addAll(List.of("-m", "512", "--lcores", "(0,1)@(" + cores + ")"));
        devices.forEach(device -> words.add("--vdev=" + device));
        words.addAll(List.of("--", "-i", "--total-num-mbufs=16384", "--no-mlockall", "--disable-link-check"));
        words.addAll(options);
        File to = log.toFile();
        Process process = new ProcessBuilder(words)
                .redirectErrorStream(true)
                .redirectOutput(to)
                .start();
        Testpmd started = new Testpmd(process, log);
        try {
            started.answer();
        } catch (IOException e) {
            started.kill();
            throw e;
        }
        return started;
    }

    /** Waits for the next prompt. @return what stands between it and the last one */
    private String answer() throws IOException, InterruptedException {
        long deadline = System.nanoTime() + PATIENCE_NANOS;
        while (true) {
            boolean alive = process.isAlive();
            String[] parts = printed().split(PROMPT, -1);
            if (parts.length > prompts + 1) {
                prompts++;
                return parts[prompts - 1];
            }
            if (!alive || System.nanoTime() > deadline) {
                throw new IOException("testpmd " + (alive ? "does not answer" : "has ended") + ": " + printed());
            }
            Thread.sleep(5);
        }
    }

    private String printed() throws IOException {
        return Files.readString(log, StandardCharsets.ISO_8859_1);
    }

    /** Has it do something. @return what it says to that */
    public String ask(String command) throws IOException, InterruptedException {
        process.getOutputStream().write((command + "\n").getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().flush();
        return answer();
    }

    /** Forwards, in a mode of {@code set fwd}, until {@link #stop}. */
    public void forward(String mode) throws IOException, InterruptedException {
        ask("set fwd " + mode);
        ask("start");
    }

    /** Ends forwarding: nothing is sent after the return. */
    public void stop() throws IOException, InterruptedException {
        ask("stop");
    }

    /** What a port has done since the start. */
    public PortStatistics statistics(int port) throws IOException, InterruptedException {
        return PortStatistics.parse(ask("show port stats " + port));
    }

    /** What it is, with its version. */
    public String version() throws IOException {
        Matcher matcher = Pattern.compile("RTE Version: '([^']+)'").matcher(printed());
        return matcher.find() ? matcher.group(1) : "DPDK";
    }

    /** Its process id. */
    public long pid() {
        return process.pid();
    }

    /** Ends it with SIGKILL. */
    public void kill() throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    /** Has it give its devices back, and end. */
    @Override
    public void close() throws IOException {
        if (!process.isAlive()) {
            return;
        }
        process.getOutputStream().write("quit\n".getBytes(StandardCharsets.US_ASCII));
        process.getOutputStream().close();
        try {
            if (!process.waitFor(LEAVE_SECONDS, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
