package ringfence.it.fault;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import ringfence.linux.Child;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Spawn;
import ringfence.sandbox.Box;
import ringfence.sandbox.BoxedProcess;
import ringfence.sandbox.FilterMode;
import ringfence.sandbox.Need;
import ringfence.sandbox.SyscallFilter;
import ringfence.vmm.supervise.DaemonBoxes;

/**
 * Runs the probe in the box of each kind of daemon, in place of the daemon's launcher, as whoever runs this. Standard output
 * has the version of Landlock, and what each says below a line with its kind; a second time with the filter that a daemon
 * installs once it serves.
 */
final class BoxedProbes {
    private static final int SIGKILL = 9;
    private static final long PATIENCE = 60_000_000_000L;

    private BoxedProbes() {}

    /** @param arguments the product's tree, the probe, the folder with {@code outside/file} and {@code own/file} */
    public static void main(String[] arguments) {
        Linux linux = Linux.system();
        Path home = Path.of(arguments[0]);
        Path probe = Path.of(arguments[1]);
        Path folder = Path.of(arguments[2]);
        Path own = folder.resolve("own/file");
        System.out.println(linux.confinement().landlockAbi());
        String socket =
                folder.resolve("outside/socket-" + linux.processes().pid()).toString();
        try (Fd _ = linux.sockets().listen(socket, 1);
                Child peer = linux.processes().spawn(Spawn.of("/bin/sleep", "600"))) {
            List<String> words = List.of(
                    probe.toString(), folder.resolve("outside/file").toString(), socket, Integer.toString(peer.pid()));
            boxes(linux, home, probe, own).forEach((kind, box) -> {
                List<String> all = new ArrayList<>(words);
                all.add(kind.endsWith("disk") || kind.endsWith("folder") ? own.toString() : "/dev/null");
                run(linux, kind, all, box);
                all.add(serving(kind, peer.pid() + 1));
                run(linux, kind + ", serving", all, box);
            });
            peer.kill(SIGKILL);
        }
    }

    private static void run(Linux linux, String title, List<String> words, Box box) {
        System.out.println("= " + title);
        Fd[] input = linux.sockets().pair();
        Spawn spawn = Spawn.of(words.toArray(String[]::new))
                .fd(0, input[1])
                .fd(1, Fd.own(linux.kernel(), 1))
                .fd(2, Fd.own(linux.kernel(), 2));
        try (Fd _ = input[0];
                Fd _ = input[1];
                Child child = BoxedProcess.spawn(linux, spawn, box)) {
            input[1].close();
            List<String> own = Stream.of("mnt", "net", "ipc")
                    .filter(kind -> !namespace("self", kind).equals(namespace(Integer.toString(child.pid()), kind)))
                    .toList();
            input[0].close(); // until then it stays
            OptionalInt status = child.await(PATIENCE);
            System.out.println("namespaces " + own);
            System.out.println("ended " + status);
        }
    }

    private static Path namespace(String process, String kind) {
        try {
            return Files.readSymbolicLink(Path.of("/proc", process, "ns", kind));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The filter that such a daemon puts upon itself, as the probe reads it. @param pid a number that is not the peer's */
    private static String serving(String kind, int pid) {
        Set<Need> needs = kind.endsWith("disk")
                ? Set.of(Need.RINGS)
                : kind.endsWith("folder") ? Set.of(Need.FILES, Need.FOLDERS, Need.USERS) : Set.of();
        return SyscallFilter.whileServing(FilterMode.TRUE, needs, pid).orElseThrow().steps().stream()
                .map(step -> "%x:%x:%x:%x ".formatted(step.code(), step.whenTrue(), step.whenFalse(), step.operand()))
                .collect(Collectors.joining());
    }

    private static Map<String, Box> boxes(Linux linux, Path home, Path probe, Path own) {
        DaemonBoxes boxes = DaemonBoxes.of(linux, home, FilterMode.TRUE);
        Map<String, Box> all = new LinkedHashMap<>();
        all.put("disk", boxes.disk(probe, own.toString(), false, own));
        all.put("read-only disk", boxes.disk(probe, own.toString(), true, own.resolveSibling("fence")));
        all.put("folder", boxes.folder(probe, own.getParent().toString(), false));
        all.put("read-only folder", boxes.folder(probe, own.getParent().toString(), true));
        all.put("network", boxes.net(probe, Optional.empty()));
        all.put("tap with an address", boxes.tap(probe, true, Optional.empty()));
        all.put("switch", boxes.ofSwitch(probe, own.getParent()));
        return all;
    }
}
