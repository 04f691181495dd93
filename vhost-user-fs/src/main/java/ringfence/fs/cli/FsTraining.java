package ringfence.fs.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.share.ShareOptions;
import ringfence.fs.tree.HandleUse;
import ringfence.keep.NoKeeper;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.process.DaemonMain;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.BackendSocket;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.FrontendOptions;
import ringfence.vhostuser.link.Offer;
import ringfence.vhostuser.link.Pulse;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;

/**
 * What the program does when its AOT cache is trained: a short life of a daemon, with a guest in the same process, and one from the command line on, so that the
 * cache knows the classes and the profiles of all that a start and the usual requests need.
 */
public final class FsTraining {
    private static final int RAM = 4 << 20;
    private static final int SIZE = 256;
    /**
     * Of four files each: C2 begins at 5,000 calls. What it has not compiled here stays with C1 for long in a daemon's life,
     * without a profile.
     */
    private static final int ROUNDS = 1500;

    private static final int REHEARSED = 100;
    private static final int QUEUE = 1;

    private FsTraining() {}

    /** Arguments as the program's; they are parsed first, so that the parser is trained too. */
    public static void main(String[] arguments) throws IOException {
        FsMain.parse(arguments);
        Path folder = Files.createTempDirectory("ringfence-fs-training");
        try {
            Linux linux = Linux.system();
            new Pulse().train(linux);
            live(linux, folder.toString(), Optional.of(folder.resolve("counters")), FsTraining::use);
            DaemonMain.train(
                    FsMain.NAME,
                    FsMain.commandLine(),
                    folder.resolve("socket"),
                    List.of("--shared-dir=" + folder, "--counters=" + folder.resolve("counters")),
                    socket -> serve(linux, socket, guest -> look(guest, () -> false)));
        } finally {
            try (var files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    /** What a standby does to be warm: it looks at the folder, and changes nothing in it. */
    static void rehearse(Linux linux, String folder, BooleanSupplier needed) {
        live(linux, folder, Optional.empty(), guest -> look(guest, needed));
    }

    private static void look(TrainingGuest guest, BooleanSupplier enough) {
        for (int i = 0; i < REHEARSED && !enough.getAsBoolean(); i++) {
            guest.getattr(1);
            guest.lookupInVain(1, " rehearsal");
        }
    }

    private static void live(Linux linux, String folder, Optional<Path> counters, Consumer<TrainingGuest> use) {
        Fd[] pair = linux.sockets().pair();
        FsSpec spec = new FsSpec(
                new BackendSocket(Optional.empty(), OptionalInt.of(pair[1].number())),
                folder,
                ShareOptions.defaults(),
                HandleUse.PREFER,
                OptionalInt.empty(),
                OptionalInt.empty(),
                counters);
        try (Fd ours = pair[0];
                Fd _ = pair[1];
                Service _ = Service.open(
                        linux,
                        spec,
                        Map.of(),
                        new NoKeeper(),
                        BackendOptions.defaults().withLog(line -> {}),
                        line -> {})) {
            serve(linux, ours, use);
        }
    }

    private static void serve(Linux linux, Fd socket, Consumer<TrainingGuest> use) {
        try (Frontend frontend = Frontend.over(linux, socket, FrontendOptions.defaults())) {
            drive(linux, frontend, use);
        }
    }

    private static void drive(Linux linux, Frontend frontend, Consumer<TrainingGuest> use) {
        Offer offer = frontend.hello(ProtocolFeature.mask(ProtocolFeature.MQ, ProtocolFeature.REPLY_ACK));
        frontend.features(offer.features());
        try (Fd memory = linux.memory().memfd("training", RAM)) {
            linux.memory().seal(memory, Seal.SHRINK, Seal.GROW);
            try (Mapping mapping = linux.memory().map(memory, 0, RAM);
                    EventFd kick = linux.events().eventFd();
                    EventFd call = linux.events().eventFd()) {
                MemoryTable table =
                        MemoryTable.of(List.of(new Region(0, mapping.address(), RAM, mapping, 0, memory, 0)));
                frontend.memory(table);
                QueueConfig config = GuestDriver.place(0, SIZE, true, true);
                GuestDriver driver = GuestDriver.direct(config, table);
                frontend.startQueue(QUEUE, config, QueueState.FRESH, kick, call, null);
                TrainingGuest guest = new TrainingGuest(mapping.segment(), driver, kick);
                guest.init();
                use.accept(guest);
                frontend.stopQueue(QUEUE);
            }
        }
    }

    private static void use(TrainingGuest guest) {
        for (int i = 0; i < ROUNDS; i++) {
            round(guest, i);
        }
    }

    /** A directory, files in it, data in those, and away with it all. CREATE, LOOKUP and READDIRPLUS count each file. */
    private static void round(TrainingGuest guest, int round) {
        long directory = guest.mkdir(1, "d" + round);
        long[] nodes = new long[4];
        for (int i = 0; i < nodes.length; i++) {
            String name = "file" + i;
            guest.lookupInVain(directory, name);
            guest.create(directory, name);
            long node = guest.answer(OutLayout.ENTRY_NODE);
            nodes[i] = node;
            long handle = guest.answer(OutLayout.ENTRY);
            guest.write(node, handle, 4096);
            guest.read(node, handle, 4096);
            guest.release(node, handle);
            guest.lookup(directory, name);
            guest.getattr(node);
            guest.chmod(node, 0600);
            guest.rename(directory, name, name + "x");
            long opened = guest.open(node);
            guest.read(node, opened, 1 << 17);
            guest.release(node, opened);
        }
        guest.list(directory);
        for (int i = 0; i < nodes.length; i++) {
            guest.unlink(directory, "file" + i + "x");
            guest.forget(nodes[i], 3);
        }
        guest.rmdir(1, "d" + round);
        guest.forget(directory, 1);
    }
}
