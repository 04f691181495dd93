package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.HangProbe;
import ringfence.it.lab.Outcome;
import ringfence.it.lab.VmmApi;

/** What becomes of a VM whose daemons die, stop and are replaced. Its guest takes no notice. */
class RunningVmDaemonsTest extends HaltedGuest {
    private static final int STOPS = Integer.getInteger("ringfence.stops", 5);

    /** Without a word about it on the command line. {@code BoxTest} shows what the box keeps it from. */
    @Test
    void theDaemonOfADiskIsInABox() throws Exception {
        await(() -> !daemons().isEmpty()); // it is started beside all else
        List<ProcessHandle> daemons = daemons();
        assertThat(daemons).hasSize(1);
        Path threads = Path.of("/proc/" + daemons.getFirst().pid() + "/task");
        await(() -> haveBothFilters(threads));
        assertThat(Files.readString(threads.resolveSibling("status")))
                .containsPattern("Name:\\svhost-user-blk\n")
                .containsPattern("NoNewPrivs:\\s1\n")
                .containsPattern("Seccomp:\\s2\n")
                .containsPattern("CapEff:\\s000000000000000[02]\n");
    }

    private static boolean haveBothFilters(Path threads) throws IOException {
        try (Stream<Path> all = Files.list(threads)) {
            for (Path thread : all.toList()) {
                try {
                    if (filters(thread) != filters(Path.of("/proc/self")) + 2) {
                        return false;
                    }
                } catch (NoSuchFileException _) {
                    // it has ended
                }
            }
            return true;
        }
    }

    private static int filters(Path process) throws IOException {
        Matcher line =
                Pattern.compile("Seccomp_filters:\t([0-9]+)\n").matcher(Files.readString(process.resolve("status")));
        return line.find() ? Integer.parseInt(line.group(1)) : 0;
    }

    /** Its image is away when it has to start again. */
    @Test
    void aDaemonThatCannotStartAgainCostsItsDeviceAndNotTheVm() throws Exception {
        Path image = directory.resolve("cold");
        Path away = directory.resolve("away");
        await(() -> api.get("vm.counters").body().contains("\"connected\":1"));
        Files.move(image, away);
        daemons().getFirst().destroyForcibly();
        await(() -> vmm.err().text().contains(image + ", with which the device began, is gone"));
        assertThat(info()).contains("\"state\":\"Running\"");
        assertThat(api.get("vm.counters").body()).contains("\"connected\":0");
        Files.move(away, image);
        await(() -> api.get("vm.counters").body().contains("\"connected\":1"));
        assertThat(api.put("vm.reboot").status()).isEqualTo(204);
    }

    private static void signal(String name, ProcessHandle process) throws Exception {
        assertThat(new ProcessBuilder("kill", "-" + name, Long.toString(process.pid()))
                        .inheritIO()
                        .start()
                        .waitFor())
                .isZero();
    }

    /** It is told within two seconds, and replaced when it is dead; nobody waits for it. */
    @Test
    void aDaemonThatIsStoppedIsReplacedAndTheVmIsPausedAndResetMeanwhile() throws Exception {
        await(() -> counters("_disk0").contains("\"connected\":1"));
        ProcessHandle daemon = daemons().getFirst();
        Thread.sleep(1000); // it has begun to beat
        signal("STOP", daemon);
        long stopped = System.nanoTime();
        await(() -> counters("_disk0").contains("\"hangs\":1"));
        assertThat(System.nanoTime() - stopped).isLessThan(2_000_000_000L);
        assertThat(counters("_disk0")).contains("\"connected\":0");
        assertThat(api.put("vm.pause").status()).isEqualTo(204);
        assertThat(api.put("vm.resume").status()).isEqualTo(204);
        assertThat(api.put("vm.reboot").status()).isEqualTo(204);
        assertThat(daemon.isAlive()).isTrue();
        await(() -> counters("_disk0").contains("\"reconnects\":1"));
        assertThat(daemon.isAlive()).isFalse();
        assertThat(counters("_disk0")).contains("\"connected\":1").containsPattern("\"last_gap_us\":[5-9]\\d{6}\\b");
    }

    @Test
    void aDeviceWhoseDaemonIsStoppedIsTakenAway() throws Exception {
        added("hot", image("hot"));
        await(() -> counters("hot").contains("\"connected\":1"));
        Thread.sleep(1000); // both daemons have begun to beat
        for (ProcessHandle daemon : daemons()) {
            signal("STOP", daemon);
        }
        assertThat(remove("hot")).isEqualTo(204);
        assertThat(api.put("vm.reboot").status()).isEqualTo(204);
        long asked = System.nanoTime();
        await(() -> !has("hot"));
        assertThat(System.nanoTime() - asked).isLessThan(4_000_000_000L);
        await(() -> counters("_disk0").contains("\"reconnects\":1"));
    }

    /** Disk, card and folder; the API answers others all the time. */
    @Test
    void eachDaemonThatIsStoppedIsToldOfInTime() throws Exception {
        assertThat(api.put("vm.add-disk", "{\"id\":\"disk\",\"on_hang\":\"Report\",\"path\":\"" + image("hot") + "\"}")
                        .status())
                .isEqualTo(200);
        Path folder = Files.createDirectory(directory.resolve("folder"));
        assertThat(api.put(
                                "vm.add-fs",
                                "{\"id\":\"fs\",\"tag\":\"x\",\"on_hang\":\"Report\",\"path\":\"" + folder + "\"}")
                        .status())
                .isEqualTo(200);
        VmmApi.Answer net = api.put("vm.add-net", "{\"id\":\"net\",\"on_hang\":\"Report\"}");
        assumeThat(net.status()).as(net.body()).isEqualTo(200);
        toldInTime("disk", "--blk-file=" + directory.resolve("hot"));
        toldInTime("fs", "--shared-dir=" + folder);
        toldInTime("net", "--backend=tap");
        assertThat(vmm.err().text())
                .containsPattern(
                        "disk: process \\d+ gives no sign of life: end it \\(kill -KILL \\d+\\) to have it replaced");
    }

    private void toldInTime(String device, String option) throws Exception {
        Outcome outcome = host.run(
                Duration.ofMinutes(5),
                host.java(
                        HangProbe.class,
                        directory.resolve("api").toString(),
                        Long.toString(vmm.pid()),
                        device,
                        option,
                        Integer.toString(STOPS)));
        String line = outcome.orThrow().text();
        System.out.println("counted: " + line);
        Matcher figures = HangProbe.LINE.matcher(line);
        assertThat(figures.find()).as(line).isTrue();
        assertThat(Integer.parseInt(figures.group(1))).as(line).isLessThan(2000);
        assertThat(Integer.parseInt(figures.group(2))).as(line).isLessThan(10_000);
        assertThat(Integer.parseInt(figures.group(3))).as(line).isLessThan(STOPS < 20 ? 100_000 : 10_000);
    }

    @Test
    void aDeviceGoesOnWithANewDaemon() throws Exception {
        await(() -> counters("_disk0").contains("\"connected\":1"));
        ProcessHandle before = daemons().getFirst();
        for (int upgrade = 1; upgrade <= 2; upgrade++) {
            VmmApi.Answer answer = api.put("vm.upgrade-device", "{\"id\":\"_disk0\"}");
            assertThat(answer.status()).as(answer.body()).isEqualTo(204);
            assertThat(counters("_disk0")).contains("\"connected\":1", "\"reconnects\":" + upgrade);
            assertThat(before.isAlive()).isFalse();
            before = daemons().getFirst();
        }
        assertThat(api.put("vm.upgrade-device", "{\"id\":\"other\"}").status()).isEqualTo(404);
        assertThat(api.put("vm.upgrade-device", "{\"id\":\"__rng\"}").status()).isEqualTo(404);
    }

    /** As large as the first, which somebody has put aside. */
    @Test
    void anotherFileAtADisksPathIsRefusedUntilTheFirstIsBack() throws Exception {
        await(() -> counters("_disk0").contains("\"connected\":1"));
        Path image = directory.resolve("cold");
        Path kept = Files.createLink(directory.resolve("kept"), image);
        Files.move(image("new"), image, StandardCopyOption.ATOMIC_MOVE);
        String line = image + " is another file than the one that the device began with";
        VmmApi.Answer upgrade = api.put("vm.upgrade-device", "{\"id\":\"_disk0\"}");
        assertThat(upgrade.status()).as(upgrade.body()).isEqualTo(500);
        assertThat(upgrade.body()).contains(line);
        assertThat(counters("_disk0")).contains("\"connected\":1", "\"reconnects\":0");
        daemons().forEach(ProcessHandle::destroyForcibly);
        await(() -> info().contains("\"state\":\"Failed\"") && info().contains(line));
        assertThat(info()).contains("\"state\":\"Running\"");
        Files.move(kept, image, StandardCopyOption.ATOMIC_MOVE);
        await(() -> counters("_disk0").contains("\"connected\":1")
                && counters("_disk0").contains("\"reconnects\":1"));
    }

    @Test
    void aStandbyTakesOverAndAnotherOneWaits() throws Exception {
        assertThat(api.put("vm.add-disk", "{\"id\":\"hot\",\"standby\":true,\"path\":\"" + image("hot") + "\"}")
                        .status())
                .isEqualTo(200);
        for (int death = 1; death <= 3; death++) {
            String reconnects = "\"reconnects\":" + death;
            await(() ->
                    counters("hot").contains("\"connected\":1,") && daemons().size() == 3); // one is the other disk's
            List<ProcessHandle> both = daemons().stream()
                    .sorted(Comparator.comparing(ProcessHandle::pid))
                    .skip(1)
                    .toList();
            both.getFirst().destroyForcibly();
            await(() -> counters("hot").contains(reconnects));
            assertThat(both.getLast().isAlive()).as("it serves now").isTrue();
            assertThat(counters("hot")).contains("\"failed_requests\":0", "\"hangs\":0");
        }
    }
}
