package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.VmmApi;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Linux;
import ringfence.linux.Tap;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.vmm.api.ApiClient;

/**
 * Devices of a VM that runs come and go, and its guest takes no notice; {@code HotPlugTest} has a guest that does its part.
 */
class RunningVmTest extends HaltedGuest {
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

    /** Those that are in no process, too. */
    @Test
    void eachDevicesPlaceIsTold() throws Exception {
        String hot = added("hot", image("hot"));
        assertThat(List.of(placeOf("_disk0"), placeOf("__rng"), placeOf("hot")))
                .doesNotHaveDuplicates()
                .allMatch(place -> place.matches("0000:00:[0-9a-f]{2}\\.0"));
        assertThat(hot).contains("\"bdf\":\"" + placeOf("hot") + "\"");
        assertThat(remove("hot")).isEqualTo(204);
        assertThat(api.put("vm.reboot").status()).isEqualTo(204);
        await(() -> !has("hot"));
        assertThat(placeOf("hot")).isEmpty();
        assertThat(placeOf("_disk0")).isNotEmpty();
        assertThat(api.put("vm.shutdown").status()).isEqualTo(204);
        assertThat(info()).as("nothing of it is there").doesNotContain("pci_bdf");
    }

    /** As Cloud Hypervisor does: the place is that of the PCI function, whose child the device is. */
    private String placeOf(String device) throws IOException {
        return node("_virtio-pci-" + device)
                .flatMap(function -> text(function, "pci_bdf"))
                .orElse("");
    }

    private Optional<Json.Obj> node(String name) throws IOException {
        return JsonReader.read(info()) instanceof Json.Obj info
                        && info.get("device_tree") instanceof Json.Obj tree
                        && tree.get(name) instanceof Json.Obj node
                ? Optional.of(node)
                : Optional.empty();
    }

    private static Optional<String> text(Json.Obj node, String member) {
        return node.get(member) instanceof Json.Str(String text) ? Optional.of(text) : Optional.empty();
    }

    private static String one(String pattern, Object json) {
        Matcher found = Pattern.compile(pattern).matcher(json.toString());
        assertThat(found.matches()).as(json.toString()).isTrue();
        return found.group(1);
    }

    @Test
    void eachDevicesResourcesAreTold() throws Exception {
        added("hot", image("hot"));
        Path file = Files.write(directory.resolve("memory"), new byte[2 << 20]);
        assertThat(api.put("vm.add-pmem", "{\"id\":\"mem\",\"file\":\"" + file + "\"}")
                        .status())
                .isEqualTo(200);
        Set<String> places = new HashSet<>();
        for (String device : List.of("_disk0", "hot", "__rng")) {
            Json.Obj function = node("_virtio-pci-" + device).orElseThrow();
            assertThat(function.get("children")).hasToString("[\"" + device + "\"]");
            places.add(one(
                    "\\[\\{\"PciBar\":\\{\"index\":0,\"base\":([1-9]\\d*),\"size\":524288,"
                            + "\"type_\":\"Mmio64\",\"prefetchable\":true}}]",
                    function.get("resources")));
        }
        assertThat(places).hasSize(3);
        assertThat(node("__rng").orElseThrow()).hasToString("{\"id\":\"__rng\",\"resources\":[],\"children\":[]}");
        assertThat(node("hot").orElseThrow().get("resources").toString())
                .startsWith("[{\"BackEnd\":{\"state\":\"Connected\"");
        String memory = one(
                ".*\\{\"index\":2,\"base\":(\\d+),\"size\":2097152,.*",
                node("_virtio-pci-mem").orElseThrow().get("resources"));
        assertThat(node("mem").orElseThrow().get("resources"))
                .hasToString("[{\"MmioAddressRange\":{\"base\":" + memory + ",\"size\":2097152}}]");
        assertThat(List.of(node("__ioapic"), node("__serial"))).allMatch(Optional::isPresent);
        assertThat(node("__debug_console")).isEmpty();
        assertThat(remove("hot")).isEqualTo(204);
        assertThat(api.put("vm.reboot").status()).isEqualTo(204);
        await(() -> !has("hot"));
        assertThat(node("_virtio-pci-hot")).isEmpty();
        assertThat(api.put("vm.shutdown").status()).isEqualTo(204);
        assertThat(info()).as("nothing of it is there").contains("\"device_tree\":{}");
    }

    /** The VM is there, and is asked for more than it was made with. */
    @Test
    void vcpusAndMemoryChangeBeforeABootOnly() throws Exception {
        VmmApi.Answer larger = api.put("vm.resize", "{\"desired_ram\":1073741824}");
        assertThat(larger.status()).isEqualTo(500);
        assertThat(larger.body()).contains("shut it down, resize it, and boot it");
        assertThat(api.put("vm.shutdown").status()).isEqualTo(204);
        assertThat(api.put("vm.resize", "{\"desired_ram\":1073741824}").status())
                .isEqualTo(204);
        assertThat(api.put("vm.boot").status()).isEqualTo(204);
        assertThat(info()).contains("\"memory_actual_size\":1073741824");
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
        List<String> before = settledDescriptors();
        VmmApi.Answer locked = addDisk("other", directory.resolve("hot"));
        assertThat(locked.status()).isEqualTo(500);
        assertThat(locked.body())
                .contains("other: vhost-user-blk refuses to serve it")
                .contains("locked");
        assertThat(has("other")).isFalse();
        VmmApi.Answer missing = addDisk("other", directory.resolve("missing"));
        assertThat(missing.status()).isEqualTo(500);
        assertThat(missing.body()).contains("no such file");
        assertThat(api.put("vm.add-disk", "{\"path\":\"" + image("taken") + "\",\"pci_device_id\":1}")
                        .body())
                .contains("slot 1 of segment 0 is taken");
        awaitNoMoreThan(before);
        added("other", image("another"));
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
}
