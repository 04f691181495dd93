package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import ringfence.it.lab.KataFolder;
import ringfence.linux.Child;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/** What Kata Containers' Go driver for Cloud Hypervisor sends, byte for byte, and the times that it allows, in ms. */
final class Kata {
    /** What one call may take, and the process's end after the last one. */
    static final long CALL_MILLIS = 1000;

    static final long PLUG_MILLIS = 5000;
    static final long CREATE_MILLIS = 10_000;
    static final long END_MILLIS = 3000;

    private static final String NET = "{\"host_mac\":null,\"iommu\":false,\"ip\":\"192.168.249.1\",\"mac\":\"MAC\","
            + "\"mask\":\"255.255.255.0\",\"num_queues\":2,\"offload_csum\":true,\"offload_tso\":true,"
            + "\"offload_ufo\":true,\"queue_size\":256,\"vhost_mode\":\"Client\",\"vhost_user\":false}";
    private static final String DISK = "{\"backing_files\":false,\"direct\":false,\"image_type\":\"Raw\","
            + "\"iommu\":false,\"num_queues\":1,\"path\":\"PATH\",\"queue_size\":1024,\"readonly\":false,"
            + "\"sparse\":true,\"vhost_user\":false}";
    private static final String VM = "{\"balloon\":{\"deflate_on_oom\":false,\"free_page_reporting\":false,\"size\":0},"
            + "\"console\":{\"iommu\":false,\"mode\":\"Off\"},\"cpus\":{\"boot_vcpus\":1,\"kvm_hyperv\":false,"
            + "\"max_vcpus\":2,\"nested\":true,\"topology\":{\"cores_per_die\":2,\"dies_per_package\":1,"
            + "\"packages\":1,\"threads_per_core\":1}},\"disks\":[{\"backing_files\":false,\"direct\":false,"
            + "\"image_type\":\"Raw\",\"iommu\":false,\"num_queues\":1,\"path\":\"IMAGE\",\"queue_size\":128,"
            + "\"readonly\":true,\"sparse\":true,\"vhost_user\":false}],\"fs\":[{\"num_queues\":1,"
            + "\"pci_segment\":1,\"queue_size\":1024,\"socket\":\"RUN/virtiofsd.sock\",\"tag\":\"kataShared\"}],"
            + "\"iommu\":false,\"landlock_enable\":false,\"memory\":{\"hotplug_method\":\"Acpi\","
            + "\"hotplug_size\":1073741824,\"hugepages\":false,\"mergeable\":false,\"prefault\":false,"
            + "\"shared\":true,\"size\":67108864,\"thp\":true},\"payload\":{\"cmdline\":\"root=/dev/vda1"
            + " rootflags=data=ordered,errors=remount-ro ro rootfstype=ext4 panic=1 no_timer_check noreplace-smp"
            + " quiet systemd.show_status=false agent.log_vport=1025\",\"kernel\":\"KERNEL\"},\"platform\":"
            + "{\"num_pci_segments\":2,\"sev_snp\":false,\"tdx\":false},\"pvpanic\":false,\"rng\":{\"iommu\":false,"
            + "\"src\":\"/dev/urandom\"},\"serial\":{\"iommu\":false,\"mode\":\"Off\"},\"vsock\":{\"cid\":3,"
            + "\"iommu\":false,\"socket\":\"RUN/clh.sock\"},\"watchdog\":false}\n";

    private Kata() {}

    /** A request that asks, as Go's net/http writes it. */
    static String get(String endpoint) {
        return "GET /api/v1/" + endpoint + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: OpenAPI-Generator/1.0.0/go\r\n"
                + "Accept: application/json\r\nAccept-Encoding: gzip\r\n\r\n";
    }

    /** A request that changes something. */
    static String put(String endpoint, String body) {
        return "PUT /api/v1/" + endpoint + " HTTP/1.1\r\nHost: localhost\r\nUser-Agent: OpenAPI-Generator/1.0.0/go\r\n"
                + "Content-Length: " + body.length() + "\r\nAccept: application/json\r\n"
                + (body.isEmpty() ? "" : "Content-Type: application/json\r\n") + "Accept-Encoding: gzip\r\n\r\n" + body;
    }

    /** vm.add-net with that MAC address, which goes with a tap, as httputil.DumpRequest writes it. */
    static String addNet(String mac) {
        return addNetOf(NET.replace("MAC", mac));
    }

    /** The same of a card that has a name, which Kata itself gives to none. */
    static String addNet(String mac, String id) {
        return addNetOf(NET.replace("MAC", mac).replace("{", "{\"id\":\"" + id + "\","));
    }

    private static String addNetOf(String body) {
        return "PUT /api/v1/vm.add-net HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\nContent-Length: "
                + body.length() + "\r\nContent-Type: application/json\r\n\r\n" + body;
    }

    /** vm.add-disk's body for an image. */
    static String disk(Path image) {
        return DISK.replace("PATH", image.toString());
    }

    /** vm.create's body for a VM whose sockets are in {@code run}. */
    static String vm(Path run, Path image, Path kernel) {
        return VM.replace("IMAGE", image.toString())
                .replace("KERNEL", kernel.toString())
                .replace("RUN", run.toString());
    }

    /** Listens on the socket of {@code run} for the folder's daemon, and starts it; what it says goes to {@code output}. */
    static Child virtiofsd(Path run, Path shared, Path output) {
        try (Fd listener =
                Linux.system().sockets().listen(run.resolve("virtiofsd.sock").toString(), 128)) {
            return Programs.spawn(
                    output.getParent(),
                    output.getFileName().toString(),
                    Map.of(KataFolder.SOCKET, listener),
                    "vhost-user-fs",
                    KataFolder.options(shared));
        }
    }

    /** Asks every 10 ms whether a VMM answers, whose errors are in that file; prints after how long it does. */
    static void awaitPing(Process vmm, Path socket, Path errors) throws IOException, InterruptedException {
        long begin = System.nanoTime();
        while (!answersPing(vmm, socket)) {
            assertThat(vmm.isAlive()).as(Files.readString(errors)).isTrue();
            assertThat(System.nanoTime() - begin)
                    .as(Files.readString(errors))
                    .isLessThan(TimeUnit.MILLISECONDS.toNanos(CREATE_MILLIS));
            Thread.sleep(10);
        }
        System.out.println("counted: vmm.ping was answered after "
                + TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begin) + " ms");
    }

    private static boolean answersPing(Process vmm, Path socket) {
        if (!Files.exists(socket)) {
            return false;
        }
        try (Wire once = Wire.to(socket, CALL_MILLIS)) {
            Wire.Answer answer = once.send(get("vmm.ping")).answer();
            assertThat(answer.body())
                    .contains(
                            "\"build_version\":\"v53.0.0\"",
                            "\"version\":\"53.0.0\"",
                            "\"pid\":" + vmm.pid(),
                            "\"features\":[");
            return answer.status() == 200;
        } catch (ErrnoException _) {
            return false; // it does not listen yet
        }
    }
}
