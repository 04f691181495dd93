package ringfence.vmm.api;

import java.util.List;
import java.util.Locale;
import ringfence.option.Json;
import ringfence.vmm.config.ConsoleConfig;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.config.VmConfig;

/** A configuration as {@code VmConfig} of Cloud Hypervisor's API. */
final class ConfigJson {
    private ConfigJson() {}

    static Json of(VmConfig config) {
        List<Json> disks = config.disks().stream().map(ConfigJson::disk).toList();
        List<Json> nets =
                config.nets().stream().<Json>map(NetConfig.TABLE::write).toList();
        List<Json> fs = config.fs().stream().<Json>map(FsConfig.TABLE::write).toList();
        return Json.object(
                "payload",
                Json.object(
                        "kernel", config.payload().kernel(),
                        "initramfs", config.payload().initramfs().orElse(null),
                        "cmdline", config.payload().cmdline()),
                "cpus",
                Json.object(
                        "boot_vcpus",
                        config.cpus().bootVcpus(),
                        "max_vcpus",
                        config.cpus().maxVcpus()),
                "memory",
                Json.object(
                        "size", config.memory().size(),
                        "shared", config.memory().shared(),
                        "hugepages", config.memory().hugepages(),
                        "prefault", config.memory().prefault(),
                        "thp", config.memory().thp()),
                "disks",
                disks,
                "net",
                nets.isEmpty() ? null : nets,
                "fs",
                fs.isEmpty() ? null : fs,
                "rng",
                Json.object("src", config.rng().src()),
                "serial",
                console(config.serial()),
                "console",
                console(config.console()),
                "pvpanic",
                config.pvpanic());
    }

    private static Json disk(DiskConfig disk) {
        String path = disk.backend() instanceof DiskConfig.Backend.Image(String image) ? image : null;
        String socket = disk.backend() instanceof DiskConfig.Backend.Socket(String name) ? name : null;
        return Json.object(
                "id", disk.id(),
                "path", path,
                "vhost_user", socket != null,
                "vhost_socket", socket,
                "readonly", disk.readonly(),
                "direct", disk.direct(),
                "num_queues", disk.numQueues(),
                "queue_size", disk.queueSize(),
                "serial", disk.serial().orElse(null));
    }

    private static Json console(ConsoleConfig console) {
        String mode = console.mode().name();
        return Json.object(
                "mode", mode.charAt(0) + mode.substring(1).toLowerCase(Locale.ROOT),
                "file", console.file().orElse(null),
                "socket", console.socket().orElse(null));
    }
}
