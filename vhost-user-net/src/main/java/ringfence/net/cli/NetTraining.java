package ringfence.net.cli;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;
import ringfence.keep.Keeper;
import ringfence.keep.KeptDescriptors;
import ringfence.keep.NoKeeper;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.Seal;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.net.backend.TapSpec;
import ringfence.net.engine.NetOptions;
import ringfence.process.DaemonMain;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.BackendSocket;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.FrontendOptions;
import ringfence.vhostuser.link.Offer;
import ringfence.vhostuser.link.Pulse;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;

/**
 * What the program does when its AOT cache is trained: a short life of a daemon, with a front-end in the same process, so
 * that the cache knows the classes and the profiles of all that a start needs: one with a switch, one with a tap and that
 * of its successor, one from the command line on. Where no tap may be made, a start with one takes a little longer.
 */
public final class NetTraining {
    private static final int RAM = 4 << 20;
    private static final int SIZE = 256;
    private static final int FRAMES = 3_000;
    private static final int REHEARSED = 100;
    private static final int FRAME = 1000;
    private static final long DATA = 0x10_0000;
    private static final int BUFFER = 2048;

    private NetTraining() {}

    /** Arguments as the program's; they are parsed first, so that the parser is trained too. */
    public static void main(String[] arguments) throws IOException {
        NetMain.parse(arguments);
        HostSide.Network.parse("192.0.2.1/24"); // only a tap has one, and perhaps none may be made
        Linux linux = Linux.system();
        new Pulse().train(linux);
        Path folder = Files.createTempDirectory("ringfence-net-training");
        Path counters = folder.resolve("counters");
        live(
                linux,
                new NetSpec.Switching(Optional.empty(), false, 1),
                Optional.of(counters),
                Succession.none(),
                i -> i < FRAMES);
        try {
            inherit(linux, counters);
        } catch (IllegalArgumentException e) {
            System.err.println("trained without a tap: " + e.getMessage());
        }
        DaemonMain.train(
                NetMain.NAME,
                NetMain.commandLine(),
                folder.resolve("socket"),
                List.of("--backend=switch", "--counters=" + counters, "-v"),
                socket -> use(linux, socket, i -> i < REHEARSED));
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        Files.delete(folder);
    }

    /** A life with a tap, and a successor's with the same. */
    private static void inherit(Linux linux, Path counters) {
        NetSpec.Way tap = new NetSpec.ToTap(new TapSpec.Named(""));
        try (KeptDescriptors kept = KeptDescriptors.none()) {
            live(
                    linux,
                    tap,
                    Optional.of(counters),
                    new Succession(new Heir(kept), KeptDescriptors.none()),
                    i -> i < FRAMES);
            live(linux, tap, Optional.of(counters), new Succession(new NoKeeper(), kept), i -> i < REHEARSED);
        }
    }

    /** Keeps everything for who comes next in the same process. */
    private record Heir(KeptDescriptors kept) implements Keeper {
        @Override
        public void keep(String name, Fd fd) {
            kept.add(name, fd.duplicate());
        }

        @Override
        public void drop(String name) {}

        @Override
        public void ready(String status) {}

        @Override
        public void alive() {}
    }

    /** What a standby does to be warm: a short life with a switch, of which nothing is seen outside. */
    static void rehearse(Linux linux, BooleanSupplier needed) {
        live(
                linux,
                new NetSpec.Switching(Optional.empty(), false, 1),
                Optional.empty(),
                Succession.none(),
                i -> i < REHEARSED && !needed.getAsBoolean());
    }

    private static void live(
            Linux linux, NetSpec.Way way, Optional<Path> counters, Succession succession, IntPredicate goesOn) {
        Fd[] pair = linux.sockets().pair();
        try (Fd ours = pair[0];
                Fd theirs = pair[1];
                Service _ = Service.open(
                        linux,
                        new NetSpec(
                                List.of(new NetSpec.Seat(
                                        new BackendSocket(Optional.empty(), OptionalInt.of(theirs.number())),
                                        new NetOptions(1, SIZE, Optional.empty()))),
                                Optional.empty(),
                                way,
                                OptionalInt.empty(),
                                new HostSide(Optional.empty(), Optional.empty()),
                                counters,
                                Optional.empty()),
                        succession,
                        BackendOptions.defaults().withLog(line -> {}),
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
                ProtocolFeature.MQ, ProtocolFeature.REPLY_ACK, ProtocolFeature.CONFIG, ProtocolFeature.STATUS));
        frontend.features(offer.features());
        try (Fd memory = linux.memory().memfd("training", RAM)) {
            linux.memory().seal(memory, Seal.SHRINK, Seal.GROW);
            try (Mapping mapping = linux.memory().map(memory, 0, RAM);
                    EventFd kick = linux.events().eventFd();
                    EventFd call = linux.events().eventFd();
                    EventFd receiveKick = linux.events().eventFd();
                    EventFd receiveCall = linux.events().eventFd()) {
                MemoryTable table =
                        MemoryTable.of(List.of(new Region(0, mapping.address(), RAM, mapping, 0, memory, 0)));
                frontend.memory(table);
                post(frontend, table, receiveKick, receiveCall);
                QueueConfig config = GuestDriver.place(0x1_0000, SIZE, true, true);
                GuestDriver driver = GuestDriver.direct(config, table);
                frontend.startQueue(1, config, QueueState.FRESH, kick, call, null);
                for (int i = 0; goesOn.test(i); i++) {
                    send(mapping, driver, kick);
                }
                frontend.stopQueue(1);
                frontend.stopQueue(0);
            }
        }
    }

    /** A receive queue full of buffers. */
    private static void post(Frontend frontend, MemoryTable table, EventFd kick, EventFd call) {
        QueueConfig config = GuestDriver.place(0, SIZE, true, true);
        GuestDriver driver = GuestDriver.direct(config, table);
        for (int i = 0; driver.begin(1); i++) {
            driver.writable(DATA + (long) BUFFER * (i + 1), BUFFER);
            driver.offer(i);
        }
        driver.publish();
        frontend.startQueue(0, config, QueueState.FRESH, kick, call, null);
        kick.signal();
    }

    private static void send(Mapping mapping, GuestDriver driver, EventFd kick) {
        mapping.segment().asSlice(DATA, NetLayout.HEADER).fill((byte) 0);
        mapping.segment().set(ValueLayout.JAVA_SHORT, DATA + NetLayout.HEADER + 12, (short) 0xb588); // for experiments
        driver.begin(1);
        driver.readable(DATA, NetLayout.HEADER + FRAME);
        driver.offer(0);
        if (driver.publish()) {
            kick.signal();
        }
        long deadline = System.nanoTime() + 10_000_000_000L;
        while (driver.reap() < 0) {
            if (System.nanoTime() > deadline) {
                throw new IllegalStateException("a frame does not leave");
            }
            Thread.onSpinWait();
        }
    }
}
