package ringfence.it.fault;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import ringfence.linux.Child;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Spawn;
import ringfence.sandbox.Box;
import ringfence.sandbox.BoxedProcess;
import ringfence.sandbox.FilterMode;
import ringfence.vmm.supervise.DaemonBoxes;

/**
 * Runs the probe in the box of each kind of daemon, in place of the daemon's launcher, as whoever runs this. Standard output
 * has the version of Landlock, and what each says below a line with its kind.
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
            boxes(linux, home, probe, own).forEach((kind, box) -> {
                System.out.println("= " + kind);
                boolean files = kind.endsWith("disk") || kind.endsWith("folder");
                Spawn spawn = Spawn.of(
                                probe.toString(),
                                folder.resolve("outside/file").toString(),
                                socket,
                                Integer.toString(peer.pid()),
                                files ? own.toString() : "/dev/null")
                        .fd(1, Fd.own(linux.kernel(), 1))
                        .fd(2, Fd.own(linux.kernel(), 2));
                try (Child child = BoxedProcess.spawn(linux, spawn, box)) {
                    System.out.println("ended " + child.await(PATIENCE));
                }
            });
            peer.kill(SIGKILL);
        }
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
