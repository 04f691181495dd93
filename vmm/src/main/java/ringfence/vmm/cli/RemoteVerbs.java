package ringfence.vmm.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringfence.option.Json;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.process.BadInputException;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.FsConfig;
import ringfence.vmm.config.NetBackend;
import ringfence.vmm.config.NetConfig;

/** The commands of {@code ch-remote}: which endpoint each asks, and what becomes of its words. */
final class RemoteVerbs {
    /** What comes after the command. */
    enum Takes {
        NOTHING,
        /** Options of its own, {@code --NAME VALUE}. */
        OPTIONS,
        /** One word. */
        WORD,
        /** The name of a file, or nothing for standard input. */
        FILE
    }

    /**
     * What is sent.
     *
     * @param json empty: no body
     * @param fds numbers of descriptors of this process that go along
     */
    record Body(String json, List<Integer> fds) {}

    /** Makes a body of a word. */
    interface Maker {
        /** @throws OptionException if the word is wrong */
        Body of(String word);
    }

    /** @param options names and kinds of its options; the name is that of the body's member */
    record Verb(String method, String endpoint, Takes takes, Maker body, Map<String, RemoteOption> options) {}

    private static final Map<String, Verb> ALL = all();

    private RemoteVerbs() {}

    /** All, by name. */
    static Map<String, Verb> list() {
        return ALL;
    }

    private static Map<String, Verb> all() {
        Map<String, Verb> all = new LinkedHashMap<>();
        word(all, "add-disk", "vm.add-disk", word -> table(DiskConfig.TABLE, word));
        word(all, "add-fs", "vm.add-fs", word -> table(FsConfig.TABLE, word));
        word(all, "add-net", "vm.add-net", RemoteVerbs::net);
        simple(all, "PUT", "boot", "vm.boot");
        word(all, "coredump", "vm.coredump", word -> member("destination_url", word));
        simple(all, "GET", "counters", "vm.counters");
        all.put("create", new Verb("PUT", "vm.create", Takes.FILE, text -> new Body(text, List.of()), Map.of()));
        simple(all, "PUT", "delete", "vm.delete");
        simple(all, "GET", "info", "vm.info");
        simple(all, "PUT", "nmi", "vm.nmi");
        simple(all, "PUT", "pause", "vm.pause");
        simple(all, "GET", "ping", "vmm.ping");
        simple(all, "PUT", "power-button", "vm.power-button");
        simple(all, "PUT", "reboot", "vm.reboot");
        word(all, "remove-device", "vm.remove-device", word -> member("id", word));
        options(all, "resize", "vm.resize", RemoteOption.CPUS, RemoteOption.MEMORY, RemoteOption.BALLOON);
        options(all, "resize-disk", "vm.resize-disk", RemoteOption.DISK, RemoteOption.DISK_SIZE);
        options(all, "resize-zone", "vm.resize-zone", RemoteOption.ID, RemoteOption.ZONE_SIZE);
        simple(all, "PUT", "resume", "vm.resume");
        simple(all, "PUT", "shutdown", "vm.shutdown");
        simple(all, "PUT", "shutdown-vmm", "vmm.shutdown");
        word(all, "snapshot", "vm.snapshot", word -> member("destination_url", word));
        return all;
    }

    private static void simple(Map<String, Verb> all, String method, String name, String endpoint) {
        all.put(name, new Verb(method, endpoint, Takes.NOTHING, _ -> new Body("", List.of()), Map.of()));
    }

    private static void word(Map<String, Verb> all, String name, String endpoint, Maker body) {
        all.put(name, new Verb("PUT", endpoint, Takes.WORD, body, Map.of()));
    }

    private static void options(Map<String, Verb> all, String name, String endpoint, RemoteOption... options) {
        Map<String, RemoteOption> own = new LinkedHashMap<>();
        for (RemoteOption option : options) {
            own.put(option.flag(), option);
        }
        all.put(name, new Verb("PUT", endpoint, Takes.OPTIONS, word -> new Body(word, List.of()), own));
    }

    private static Body member(String name, String value) {
        return new Body(Json.object(name, value).toString(), List.of());
    }

    private static <R> Body table(OptionTable<R> table, String word) {
        return new Body(table.write(table.parse(word)).toString(), List.of());
    }

    /** Numbers mean something in this process only: the descriptors go along, the numbers do not. */
    private static Body net(String word) {
        NetConfig net = NetConfig.TABLE.parse(word);
        Map<String, Json> members =
                new LinkedHashMap<>(NetConfig.TABLE.write(net).members());
        members.remove("fds");
        List<Integer> fds =
                net.backend() instanceof NetBackend.Descriptors(List<Integer> numbers) ? numbers : List.of();
        return new Body(new Json.Obj(members).toString(), new ArrayList<>(fds));
    }

    /** The command of that name. */
    static Verb find(String name) {
        Verb verb = ALL.get(name);
        if (verb == null) {
            throw new BadInputException((name.isEmpty() ? "no command" : "no command '" + name + "'") + ": "
                    + String.join(", ", ALL.keySet()) + " are possible");
        }
        return verb;
    }
}
