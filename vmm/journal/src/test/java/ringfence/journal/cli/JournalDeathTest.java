package ringfence.journal.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.journal.RingReader;
import ringfence.journal.RingWriter;
import ringfence.journal.Rings;
import ringfence.linux.Linux;
import ringfence.option.Json;
import ringfence.option.JsonReader;

/** Processes that record, and the journal's, die at any moment: what was recorded is told, once, in order. */
@Timeout(300)
class JournalDeathTest {
    private static final int VMMS = 5;
    private static final int JOURNALS = 5;
    private static final int EACH_PAUSE_NANOS = 500_000;

    @TempDir
    Path folder;

    private final Random random = new Random();
    private final List<Process> started = new ArrayList<>();

    @AfterEach
    void nothingIsLeft() {
        started.forEach(Process::destroyForcibly);
    }

    /** Records numbers until it is killed, and says each when it is recorded. */
    static final class Vmm {
        private Vmm() {}

        public static void main(String[] words) throws Exception {
            RingWriter ring = RingWriter.create(Linux.system(), Path.of(words[0]), "");
            for (int i = 0; ; ) {
                if (ring.record("test", Integer.toString(i), List.of("text", "x".repeat(i % 100)))) {
                    System.out.println(i++);
                    System.out.flush();
                }
                long until = System.nanoTime() + EACH_PAUSE_NANOS;
                while (System.nanoTime() < until) {
                    Thread.onSpinWait();
                }
            }
        }
    }

    private Process start(Class<?> main, String... words) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(), "-XX:TieredStopAtLevel=1"));
        command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                .filter(flag -> flag.startsWith("-X") || flag.startsWith("--") || flag.startsWith("-D"))
                .toList());
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(words));
        Process process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        started.add(process);
        return process;
    }

    /** By its handle: the process's own method would close its streams, which another thread reads to the end. */
    private static void kill(Process process) {
        process.toHandle().destroyForcibly();
    }

    private Process journal() throws IOException {
        return start(JournalMain.class, "--rings=" + folder.resolve("rings"), "--store=" + folder.resolve("store"));
    }

    /** @return how many numbers it has said */
    private int runAndKill(int millis) throws Exception {
        Process vmm = start(Vmm.class, folder.resolve("rings").toString());
        try (BufferedReader said = vmm.inputReader()) {
            assertThat(said.readLine()).isEqualTo("0");
            Thread killer = Thread.ofPlatform().start(() -> {
                try {
                    Thread.sleep(millis);
                } catch (InterruptedException _) {
                    Thread.currentThread().interrupt();
                }
                kill(vmm);
            });
            int last = 0;
            String line;
            while ((line = said.readLine()) != null) {
                last = line.isEmpty() ? last : last + 1;
            }
            killer.join();
            return last; // its last line may be cut
        }
    }

    private List<Json.Obj> events() throws Exception {
        Process events = start(
                JournalMain.class,
                "events",
                "--rings=" + folder.resolve("rings"),
                "--store=" + folder.resolve("store"));
        List<Json.Obj> lines = new ArrayList<>();
        try (BufferedReader out = events.inputReader()) {
            String line;
            while ((line = out.readLine()) != null) {
                lines.add((Json.Obj) JsonReader.read(line));
            }
        }
        assertThat(events.waitFor()).isZero();
        return lines;
    }

    private static List<String> of(String vm, List<Json.Obj> events) {
        return events.stream()
                .filter(event -> event.get("vm").equals(new Json.Str(vm)))
                .filter(event -> event.get("source").equals(new Json.Str("test"))) // it says, too, when it found no room
                .map(event -> ((Json.Str) event.get("event")).text())
                .toList();
    }

    private static void assertAllOf(List<String> told, int said) {
        assertThat(told.size()).isGreaterThanOrEqualTo(said);
        for (int i = 0; i < told.size(); i++) {
            assertThat(told.get(i)).as("in its place, of %d", told.size()).isEqualTo(Integer.toString(i));
        }
    }

    @Test
    void aVmmThatIsKilledHasToldAllThatItHasRecorded() throws Exception {
        for (int i = 0; i < VMMS; i++) {
            int said = runAndKill(20 + random.nextInt(150));
            List<String> vms = Rings.names(folder.resolve("rings"));
            assertThat(vms).hasSize(i + 1);
            assertAllOf(of(vms.getLast(), events()), said);
        }
    }

    /** Each in the midst of its work. */
    private void killJournals(Path rings) throws Exception {
        while (Rings.names(rings).isEmpty()) {
            Thread.sleep(5);
        }
        try (RingReader ring = RingReader.open(
                Linux.system(), Rings.file(rings, Rings.names(rings).getFirst()), false)) {
            for (int i = 0; i < JOURNALS; i++) {
                long before = ring.head();
                Process journal = journal();
                while (ring.head() == before) {
                    Thread.sleep(1);
                }
                Thread.sleep(random.nextInt(200));
                journal.destroyForcibly().waitFor();
            }
        }
    }

    @Test
    void aJournalThatIsKilledLosesNothingAndTakesNothingTwice() throws Exception {
        Path rings = Files.createDirectories(folder.resolve("rings"));
        Process vmm = start(Vmm.class, rings.toString());
        int said = 0;
        try (BufferedReader out = vmm.inputReader()) {
            Thread kills = Thread.ofPlatform().start(() -> {
                try {
                    killJournals(rings);
                } catch (Exception e) {
                    throw new AssertionError(e);
                } finally {
                    kill(vmm);
                }
            });
            while (out.readLine() != null) {
                said++;
            }
            kills.join();
        }
        String name = Rings.names(rings).getFirst();
        assertAllOf(of(name, events()), said - 1);
        Process last = journal();
        while (!Rings.names(rings).isEmpty()) {
            Thread.sleep(20);
        }
        last.destroy();
        assertThat(last.waitFor(20, TimeUnit.SECONDS)).isTrue();
        assertThat(last.exitValue()).isZero();
        assertAllOf(of(name, events()), said - 1);
    }
}
