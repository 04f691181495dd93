package ringfence.vmm.cli;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import ringfence.option.Json;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.vmm.api.LaterBodies;
import ringfence.vmm.cli.RemoteWords.Flags;
import ringfence.vmm.cli.RemoteWords.JsonFile;
import ringfence.vmm.cli.RemoteWords.Member;
import ringfence.vmm.cli.RemoteWords.Nothing;
import ringfence.vmm.cli.RemoteWords.Options;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.GenericConfig;
import ringfence.vmm.config.NetBackend;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.config.PmemConfig;
import ringfence.vmm.config.VsockConfig;

/** The commands of {@code ch-remote} and {@code ringfence ctl}: which endpoint each asks, and what becomes of its words. */
final class RemoteVerbs {
    private static final String GET = "GET";
    private static final String PUT = "PUT";

    /** One command. */
    record Verb(String name, String method, String endpoint, RemoteWords words, String help) {
        /** How it is written. */
        String usage() {
            return words.syntax().isEmpty() ? name : name + " " + words.syntax();
        }
    }

    private static final List<Verb> SERVED = List.of(
            get("ping", "vmm.ping", "who answers"),
            get("info", "vm.info", "the VM as JSON"),
            get("counters", "vm.counters", "its devices in numbers, as JSON"),
            put("create", new JsonFile(), "a VM of a file of JSON (- is standard input)"),
            put("boot", "it runs"),
            put("pause", "its vCPUs stand still"),
            put("resume", "they run again"),
            put("reboot", "it is reset"),
            put("nmi", "a non-maskable interrupt"),
            put("power-button", "its power button is pressed"),
            put("add-disk", new Options<>(DiskConfig.TABLE), "a disk, as --disk has it"),
            put("add-net", new Options<>(NetConfig.TABLE, RemoteVerbs::descriptors), "a network card, as --net has it"),
            put("add-fs", new Options<>(FsConfig.TABLE), "a shared folder, as --fs has it"),
            put(
                    "add-generic-vhost-user",
                    new Options<>(GenericConfig.TABLE),
                    "a virtio device of any type, as --generic-vhost-user has it"),
            put("add-pmem", new Options<>(PmemConfig.TABLE), "a file as persistent memory, as --pmem has it"),
            put("add-vsock", new Options<>(VsockConfig.TABLE), "sockets between guest and host, as --vsock has them"),
            put(
                    "resize",
                    flags(false, RemoteOption.CPUS, RemoteOption.MEMORY, RemoteOption.BALLOON),
                    "its balloon's size; vCPUs and memory stay as they are"),
            put(
                    "resize-disk",
                    flags(true, RemoteOption.DISK, RemoteOption.DISK_SIZE),
                    "a disk becomes larger or smaller"),
            put("remove-device", new Member("id", "<id>"), "the guest is asked to give one back"),
            put(
                    "upgrade-device",
                    new Member("id", "<id>"),
                    "its daemon is replaced by a new one, of the program as it is installed now"),
            put("shutdown", "it ends at once; its configuration stays"),
            put("delete", "its configuration goes, too"),
            new Verb("shutdown-vmm", PUT, "vmm.shutdown", new Nothing(), "the VMM ends"));

    private RemoteVerbs() {}

    /** Those whose capability is there. */
    static List<Verb> served() {
        return SERVED;
    }

    /** All that Cloud Hypervisor's program has, by name; where a capability is still to come, the VMM answers what is missing. */
    static List<Verb> all() {
        Map<String, OptionTable<Json.Obj>> bodies = LaterBodies.all();
        List<Verb> all = new ArrayList<>(SERVED);
        all.add(later("add-device", bodies));
        all.add(later("add-user-device", bodies));
        // a flag has a default where the API wants the number of queues
        all.add(later("add-vdpa", new Options<>(bodies.get("vm.add-vdpa").required("path"))));
        all.add(later("coredump", new Member("destination_url", "<url>")));
        all.add(later("receive-migration", bodies));
        all.add(later("resize-zone", flags(true, RemoteOption.ID, RemoteOption.ZONE_SIZE)));
        all.add(later("restore", bodies));
        all.add(later("send-migration", bodies));
        all.add(later("snapshot", new Member("destination_url", "<url>")));
        all.sort(Comparator.comparing(Verb::name));
        return all;
    }

    private static Verb get(String name, String endpoint, String help) {
        return new Verb(name, GET, endpoint, new Nothing(), help);
    }

    private static Verb put(String name, String help) {
        return put(name, new Nothing(), help);
    }

    private static Verb put(String name, RemoteWords words, String help) {
        return new Verb(name, PUT, "vm." + name, words, help);
    }

    private static Verb later(String name, Map<String, OptionTable<Json.Obj>> bodies) {
        return later(name, new Options<>(bodies.get("vm." + name)));
    }

    private static Verb later(String name, RemoteWords words) {
        return new Verb(name, PUT, "vm." + name, words, "is not supported yet");
    }

    private static Flags flags(boolean needed, RemoteOption... options) {
        return new Flags(needed, List.of(options));
    }

    private static List<Integer> descriptors(NetConfig net) {
        if (!(net.backend() instanceof NetBackend.Descriptors(List<Integer> numbers))) {
            return List.of();
        }
        if (numbers.isEmpty()) {
            throw new OptionException("fd: names no descriptor: give one per two queues");
        }
        return numbers;
    }
}
