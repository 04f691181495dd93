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
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Checkout;
import ringfence.it.lab.Command;
import ringfence.it.lab.HangProbe;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LocalHost;
import ringfence.it.lab.Outcome;
import ringfence.it.lab.Program;
import ringfence.it.lab.TinyKernel;
import ringfence.it.lab.VmmApi;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Linux;
import ringfence.linux.Tap;
import ringfence.vmm.api.ApiClient;

/**
 * Devices of a VM that runs, and whose guest takes no notice: it halts, and ejects nothing. Any KVM will do; {@code
 * HotPlugTest} has a guest that does its part.
 */
class RunningVmTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    private static final int STOPS = Integer.getInteger("ringfence.stops", 5);

    @TempDir
    Path directory;

    private final KvmHost host = new LocalHost(Checkout.find());
    private Program vmm;
    private VmmApi api;

    @BeforeEach
    void aGuestThatHalts() throws Exception {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        Path kernel = Files.write(directory.resolve("halts"), TinyKernel.halting());
        Path socket = directory.resolve("api");
        vmm = host.start(Command.of(Checkout.find()
                        .product()
                        .resolve("bin/cloud-hypervisor")
                        .toString())
                .with(
                        "--kernel",
                        kernel.toString(),
                        "--disk",
                        "path=" + image("cold"),
                        "--console",
                        "off",
                        "--serial",
                        "null",
                        "--api-socket",
                        socket.toString())
                .variable("RINGFENCE_ANY_KVM", "1"));
        api = new VmmApi(socket);
        await(() -> api.isServed() && info().contains("\"state\":\"Running\""));
    }

    @AfterEach
    void end() {
        vmm.close();
        host.close();
    }

    private interface Condition {
        boolean holds() throws IOException;
    }

    private void await(Condition condition) throws Exception {
        long deadline = System.nanoTime() + SOON.toNanos();
        while (!condition.holds()) {
            assertThat(vmm.isRunning()).as(() -> vmm.err().text()).isTrue();
            assertThat(System.nanoTime()).as(() -> vmm.err().text()).isLessThan(deadline);
            Thread.sleep(20);
        }
    }

    private Path image(String name) throws IOException {
        return Files.write(directory.resolve(name), new byte[1 << 20]);
    }

    private String info() throws IOException {
        return api.get("vm.info").body();
    }

    private boolean has(String id) throws IOException {
        return info().contains("\"id\":\"" + id + "\"");
    }

    private VmmApi.Answer addDisk(String id, Path image) throws IOException {
        return api.put("vm.add-disk", "{\"id\":\"" + id + "\",\"path\":\"" + image + "\"}");
    }

    private int remove(String id) throws IOException {
        return api.put("vm.remove-device", "{\"id\":\"" + id + "\"}").status();
    }

    private String added(String id, Path image) throws IOException {
        VmmApi.Answer answer = addDisk(id, image);
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).matches("\\{\"id\":\"" + id + "\",\"bdf\":\"0000:00:[0-9a-f]{2}\\.0\"}");
        assertThat(has(id)).isTrue();
        return answer.body();
    }

    /** How many it has when nobody asks it anything: its ends of our connections close a little after ours. */
    private long settledDescriptors() throws Exception {
        await(() -> !api.get("vm.counters").body().contains("\"connected\":0"));
        long least = Long.MAX_VALUE;
        for (int i = 0; i < 20; i++) {
            Thread.sleep(50);
            least = Math.min(least, descriptors());
        }
        return least;
    }

    private long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/" + vmm.pid() + "/fd"))) {
            return open.count();
        }
    }

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

    /** The guest was asked, and a reset is an answer, too. */
    @Test
    void aDeviceThatTheGuestKeepsIsThereUntilTheGuestIsReset() throws Exception {
        Path image = image("hot");
        String first = added("hot", image);
        assertThat(addDisk("hot", image).status()).as("a name twice").isEqualTo(409);
        assertThat(remove("hot")).isEqualTo(204);
        assertThat(remove("hot")).as("asked again").isEqualTo(204);
        Thread.sleep(300);
        assertThat(has("hot")).as("the guest has not ejected it").isTrue();
        assertThat(api.put("vm.reboot").status()).isEqualTo(204);
        await(() -> !has("hot"));
        assertThat(remove("hot")).isEqualTo(404);
        assertThat(added("hot", image)).as("the slot and the image are free").isEqualTo(first);
        assertThat(has("_disk0")).isTrue();
    }

    /** What it was booted with, too. */
    @Test
    void whatWasAskedBackIsGoneWhenTheVmIsBootedAgain() throws Exception {
        assertThat(remove("_disk0")).isEqualTo(204);
        added("hot", image("hot"));
        assertThat(api.put("vm.shutdown").status()).isEqualTo(204);
        assertThat(has("_disk0")).isFalse();
        assertThat(has("hot")).isTrue();
        assertThat(api.put("vm.boot").status()).isEqualTo(204);
        assertThat(has("hot")).isTrue();
        assertThat(remove("__rng")).as("no device of the user's").isEqualTo(404);
    }

    /** The daemon itself sees that the image is another one's. */
    @Test
    void aDeviceThatCannotBeIsNamedAndLeavesNothing() throws Exception {
        added("hot", image("hot"));
        long before = settledDescriptors();
        VmmApi.Answer locked = addDisk("other", directory.resolve("hot"));
        assertThat(locked.status()).isEqualTo(500);
        assertThat(locked.body())
                .contains("other: vhost-user-blk refuses to serve it")
                .contains("locked");
        assertThat(has("other")).isFalse();
        VmmApi.Answer missing = addDisk("other", directory.resolve("missing"));
        assertThat(missing.status()).isEqualTo(400);
        assertThat(missing.body()).contains("no such file");
        assertThat(api.put("vm.add-disk", "{\"path\":\"" + image("taken") + "\",\"pci_device_id\":1}")
                        .body())
                .contains("slot 1 of segment 0 is taken");
        await(() -> descriptors() <= before);
        added("other", image("another"));
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

    @Test
    void devicesComeAndGoWhileTheVmIsPaused() throws Exception {
        assertThat(api.put("vm.pause").status()).isEqualTo(204);
        added("hot", image("hot"));
        assertThat(api.put("vm.power-button").status()).isEqualTo(204);
        assertThat(remove("hot")).isEqualTo(204);
        assertThat(info()).contains("\"state\":\"Paused\"");
        assertThat(api.put("vm.resume").status()).isEqualTo(204);
        assertThat(api.put("vm.power-button").status()).isEqualTo(204);
    }

    /** As Kata's driver does it, whose own descriptors are gone when it has its answer. */
    @Test
    void aTapThatAClientHandsOverLivesAsLongAsItsDevice() throws Exception {
        Linux linux = Linux.system();
        Path tap;
        try (Tap opened = Tap.open(linux, "", false)) {
            tap = Path.of("/sys/class/net", opened.name());
            ApiClient.Answer answer = new ApiClient(
                            linux, directory.resolve("api").toString())
                    .ask("PUT", "vm.add-net", "{\"id\":\"net\",\"num_queues\":2}", List.of(opened.fd()));
            assertThat(answer.body()).contains("\"bdf\":\"0000:00:");
        } catch (ErrnoException e) {
            assumeThat(e.errno()).as(e.getMessage()).isNotIn(Errno.ENOENT, Errno.EPERM, Errno.EACCES);
            throw e;
        }
        assertThat(api.put("vm.reboot").status()).isEqualTo(204);
        assertThat(has("net")).isTrue();
        assertThat(tap).exists();
        assertThat(remove("net")).isEqualTo(204);
        assertThat(api.put("vm.reboot").status()).isEqualTo(204);
        await(() -> !has("net"));
        await(() -> Files.notExists(tap));
        assertThat(api.get("vm.counters").body()).contains("_disk0").doesNotContain("\"net\"");
    }

    /** A disk of which the VMM is told no more than its type: who serves it may die, and only the device hears of it. */
    @Test
    void aDeviceOfAnyTypeComesAndGoesAndItsBackendMayDie() throws Exception {
        image("generic");
        Process daemon = diskDaemon();
        try {
            VmmApi.Answer answer = api.put(
                    "vm.add-generic-vhost-user",
                    "{\"id\":\"any\",\"socket\":\"" + directory.resolve("daemon")
                            + "\",\"device_type\":2,\"queue_sizes\":[128]}");
            assertThat(answer.body()).contains("\"id\":\"any\",\"bdf\":\"0000:00:");
            assertThat(info()).contains("\"device_type\":2,\"queue_sizes\":[128],\"id\":\"any\"");
            await(() -> counters("any").contains("\"connected\":1"));
            daemon.destroyForcibly().waitFor();
            await(() -> counters("any").contains("\"connected\":0"));
            assertThat(info()).contains("\"state\":\"Running\"");
            daemon = diskDaemon();
            await(() -> counters("any").contains("\"connected\":1"));
            assertThat(remove("any")).isEqualTo(204);
            assertThat(api.put("vm.reboot").status()).isEqualTo(204);
            await(() -> !has("any"));
            assertThat(daemon.isAlive()).as("it is not ours").isTrue();
        } finally {
            daemon.destroyForcibly();
        }
    }

    private Process diskDaemon() throws IOException {
        return Programs.start(
                directory,
                "daemon.out",
                "vhost-user-blk",
                List.of("--socket-path=" + directory.resolve("daemon"), "--blk-file=" + directory.resolve("generic")));
    }

    private List<ProcessHandle> daemons() {
        return ProcessHandle.of(vmm.pid())
                .orElseThrow()
                .children()
                .filter(child -> name(child.pid()).startsWith("vhost-user-"))
                .toList();
    }

    private static String name(long process) {
        try {
            return Files.readString(Path.of("/proc/" + process + "/comm"));
        } catch (IOException _) {
            return ""; // it has ended
        }
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

    private VmmApi.Answer resize(String id, long bytes) throws IOException {
        return api.put("vm.resize-disk", "{\"id\":\"" + id + "\",\"desired_size\":" + bytes + "}");
    }

    /** Its daemons, one after the other, serve it in its new size: after a death and an upgrade, a standby and a boot, too. */
    @Test
    void aDiskBecomesLargerAndSmallerAndItsNextDaemonsServeItSo() throws Exception {
        Path hot = image("hot");
        assertThat(api.put("vm.add-disk", "{\"id\":\"hot\",\"standby\":true,\"path\":\"" + hot + "\"}")
                        .status())
                .isEqualTo(200);
        int deaths = 0;
        for (long size : new long[] {4 << 20, 1 << 19}) {
            for (String id : List.of("_disk0", "hot")) {
                VmmApi.Answer answer = resize(id, size);
                assertThat(answer.status()).as(answer.body()).isEqualTo(204);
            }
            assertThat(hot).hasSize(size);
            assertThat(directory.resolve("cold")).hasSize(size);
            String reconnects = "\"reconnects\":" + ++deaths;
            await(() -> daemons().size() == 3); // the standby waits
            daemons().forEach(ProcessHandle::destroyForcibly);
            for (String id : List.of("_disk0", "hot")) {
                await(() -> counters(id).contains("\"connected\":1,")
                        && counters(id).contains(reconnects));
            }
        }
        assertThat(api.put("vm.upgrade-device", "{\"id\":\"hot\"}").status()).isEqualTo(204);
        assertThat(resize("hot", 1 << 20).status()).isEqualTo(204);
        assertThat(api.put("vm.pause").status()).isEqualTo(204);
        assertThat(resize("hot", 2 << 20).status()).as("while it is paused").isEqualTo(204);
        assertThat(api.put("vm.shutdown").status()).isEqualTo(204);
        assertThat(resize("hot", 4 << 20).body()).contains("the VM is not booted");
        assertThat(api.put("vm.boot").status()).isEqualTo(204);
        assertThat(hot).hasSize(2 << 20);
    }

    @Test
    void aDiskThatCannotBeResizedIsNamedWithTheReason() throws Exception {
        image("generic");
        Process daemon = diskDaemon();
        try {
            assertThat(api.put(
                                    "vm.add-disk",
                                    "{\"id\":\"others\",\"vhost_user\":true,\"vhost_socket\":\""
                                            + directory.resolve("daemon") + "\"}")
                            .status())
                    .isEqualTo(200);
            assertThat(api.put("vm.add-disk", "{\"id\":\"ro\",\"readonly\":true,\"path\":\"" + image("ro") + "\"}")
                            .status())
                    .isEqualTo(200);
            refused("others", 1 << 21, 500, "the VMM has not started its daemon");
            refused("ro", 1 << 21, 500, "ro is read-only");
            refused("other", 1 << 21, 404, "there is no disk 'other'");
            refused("__rng", 1 << 21, 404, "there is no disk '__rng'");
            refused("_disk0", 0, 400, "desired_size is 0: give a positive multiple of 512");
            refused("_disk0", 513, 400, "desired_size is 513");
            refused("_disk0", Long.MAX_VALUE & -512, 500, "_disk0: it is as large as before");
            await(() -> vmm.err().text().contains("vhost-user-blk: SET_CONFIG: offset=0 size=8: image "));
            assertThat(directory.resolve("cold")).hasSize(1 << 20);
            assertThat(counters("_disk0")).contains("\"connected\":1,", "\"reconnects\":0");
        } finally {
            daemon.destroyForcibly();
        }
    }

    private void refused(String id, long bytes, int status, String why) throws IOException {
        VmmApi.Answer answer = resize(id, bytes);
        assertThat(answer.status()).as(answer.body()).isEqualTo(status);
        assertThat(answer.body()).contains(why);
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

    private String counters(String id) throws IOException {
        String all = api.get("vm.counters").body();
        int at = all.indexOf("\"" + id + "\"");
        return at < 0 ? "" : all.substring(at, all.indexOf('}', at));
    }

    @Test
    void tenDevicesLeaveNoDescriptorBehind() throws Exception {
        Path image = image("hot");
        long before = 0;
        for (int i = 0; i < 10; i++) {
            added("hot", image);
            assertThat(remove("hot")).isEqualTo(204);
            assertThat(api.put("vm.reboot").status()).isEqualTo(204);
            await(() -> !has("hot"));
            if (i == 0) {
                before = settledDescriptors();
            }
        }
        long expected = before;
        await(() -> descriptors() <= expected);
    }
}
