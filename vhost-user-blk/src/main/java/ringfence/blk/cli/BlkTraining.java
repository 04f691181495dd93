package ringfence.blk.cli;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import ringfence.blk.engine.BlkOptions;
import ringfence.blk.engine.EngineChoice;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.linux.uring.RingRefusedException;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.process.DaemonMain;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.FrontendOptions;
import ringfence.vhostuser.link.InflightShare;
import ringfence.vhostuser.link.Offer;
import ringfence.vhostuser.link.Pulse;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;

/**
 * What the program does when its AOT cache is trained: a short life of a daemon, with a front-end in the same process,
 * once with plain calls and once with io_uring, and one from the command line on, so that the cache knows the classes and the profiles of all that a start
 * needs.
 */
public final class BlkTraining {
    private static final int SIZE = 4 << 20;
    private static final int REQUESTS = 3_000;
    private static final int REHEARSED = 100;
    private static final int BLOCK = 4096;
    private static final long HEADER = 0x8000;
    private static final long STATUS = 0x8800;
    private static final long DATA = 0x1_0000;

    private BlkTraining() {}

    /** Arguments as the program's; they are parsed first, so that the parser is trained too. */
    public static void main(String[] arguments) throws IOException {
        BlkMain.parse(arguments);
        Path folder = Files.createTempDirectory("ringfence-blk-training");
        try {
            Linux linux = Linux.system();
            new Pulse().train(linux);
            Path image = Files.write(folder.resolve("disk.img"), new byte[SIZE]);
            live(linux, image.toString(), folder, EngineChoice.PLAIN);
            live(linux, image.toString(), folder, EngineChoice.AUTO);
            DaemonMain.train(
                    BlkMain.NAME,
                    BlkMain.commandLine(),
                    folder.resolve("socket"),
                    List.of("--blk-file=" + image, "--counters=" + folder.resolve("counters"), "-v"),
                    socket -> use(linux, socket, i -> i < REHEARSED));
        } finally {
            try (var files = Files.list(folder)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
            Files.delete(folder);
        }
    }

    /**
     * What a standby does to be warm, on an image in memory: a short life without a lock that others see.
     *
     * @param ring whether it may be io_uring that serves later: then there is a second life, with that
     */
    static void rehearse(Linux linux, boolean ring, BooleanSupplier needed) {
        IntPredicate goesOn = i -> i < REHEARSED && !needed.getAsBoolean();
        try (Fd image = linux.memory().memfd("rehearsal", SIZE);
                Fd fence = linux.memory().memfd("rehearsal", 0)) {
            live(linux, path(image), Optional.empty(), Optional.empty(), EngineChoice.PLAIN, goesOn);
            if (ring && !needed.getAsBoolean()) {
                live(linux, path(image), Optional.of(path(fence)), Optional.empty(), EngineChoice.URING, goesOn);
            }
        } catch (RingRefusedException _) {
            // plain calls serve then
        }
    }

    private static String path(Fd fd) {
        return "/proc/self/fd/" + fd.number();
    }

    /** @param folder of a fence and a file of counters */
    private static void live(Linux linux, String image, Path folder, EngineChoice choice) {
        live(
                linux,
                image,
                Optional.of(folder.resolve("fence").toString()),
                Optional.of(folder.resolve("counters")),
                choice,
                i -> i < REQUESTS);
    }

    private static void live(
            Linux linux,
            String image,
            Optional<String> fence,
            Optional<Path> counters,
            EngineChoice choice,
            IntPredicate goesOn) {
        Fd[] pair = linux.sockets().pair();
        try (Fd ours = pair[0];
                Fd theirs = pair[1];
                Service _ = Service.open(
                        linux,
                        new DeviceSpec(
                                image,
                                Optional.empty(),
                                OptionalInt.of(theirs.number()),
                                fence,
                                false,
                                false,
                                false,
                                Map.of(),
                                counters,
                                new BlkOptions(1, 256, "training", choice, false, true)),
                        BackendOptions.defaults(),
                        line -> {})) {
            use(linux, ours, goesOn);
        }
    }

    private static void use(Linux linux, Fd socket, IntPredicate goesOn) {
        try (Frontend frontend = Frontend.over(linux, socket, FrontendOptions.defaults())) {
            drive(linux, frontend, goesOn);
        }
    }

    private static void drive(Linux linux, Frontend frontend, IntPredicate goesOn) {
        Offer offer = frontend.hello(ProtocolFeature.mask(
                ProtocolFeature.MQ,
                ProtocolFeature.REPLY_ACK,
                ProtocolFeature.CONFIG,
                ProtocolFeature.INFLIGHT_SHMFD,
                ProtocolFeature.CONFIGURE_MEM_SLOTS));
        frontend.features(offer.features());
        frontend.config(0, BlkLayout.CONFIG);
        try (Fd memory = linux.memory().memfd("training", 1 << 20)) {
            linux.memory().seal(memory, Seal.SHRINK, Seal.GROW);
            try (Mapping mapping = linux.memory().map(memory, 0, 1 << 20);
                    EventFd kick = linux.events().eventFd();
                    EventFd call = linux.events().eventFd();
                    InflightShare _ = shared(frontend, mapping, memory)) {
                MemoryTable table = table(mapping, memory);
                QueueConfig config = GuestDriver.place(0, 256, true, true);
                GuestDriver driver = GuestDriver.direct(config, table);
                frontend.startQueue(0, config, QueueState.FRESH, kick, call, null);
                for (int i = 0; goesOn.test(i); i++) {
                    request(mapping, driver, kick, i);
                }
                frontend.stopQueue(0);
            }
        }
    }

    private static MemoryTable table(Mapping mapping, Fd memory) {
        return MemoryTable.of(List.of(new Region(0, mapping.address(), mapping.size(), mapping, 0, memory, 0)));
    }

    private static InflightShare shared(Frontend frontend, Mapping mapping, Fd memory) {
        frontend.memory(table(mapping, memory));
        InflightShare inflight = frontend.newInflight(1, 256);
        frontend.inflight(inflight);
        return inflight;
    }

    private static void request(Mapping mapping, GuestDriver driver, EventFd kick, int number) {
        boolean write = number % 3 == 0;
        mapping.segment().set(ValueLayout.JAVA_LONG, HEADER, write ? BlkLayout.T_OUT : BlkLayout.T_IN);
        mapping.segment().set(ValueLayout.JAVA_LONG, HEADER + BlkLayout.HEADER_SECTOR, number % 1000L * 8);
        driver.begin(3);
        driver.readable(HEADER, BlkLayout.HEADER);
        if (write) {
            driver.readable(DATA, BLOCK);
        } else {
            driver.writable(DATA, BLOCK);
        }
        driver.writable(STATUS, 1);
        driver.offer(number);
        if (driver.publish()) {
            kick.signal();
        }
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (driver.reap() < 0) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("request " + number + " does not end");
            }
            Thread.onSpinWait();
        }
    }
}
