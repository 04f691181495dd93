package ringfence.it.bench;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import ringfence.it.fuse.Entry;
import ringfence.it.fuse.FsDaemon;
import ringfence.it.fuse.FuseGuest;
import ringfence.it.fuse.FuseRequest;
import ringfence.it.fuse.FuseSession;
import ringfence.it.fuse.FuseShape;
import ringfence.it.fuse.Init;
import ringfence.it.fuse.Opcode;
import ringfence.it.fuse.OpenFiles;
import ringfence.linux.Linux;

/** A daemon on a folder of its own, with a guest that knows its files. One owner thread. */
final class FsTarget implements AutoCloseable {
    private static final int FILES = FsFolders.FILES;
    private static final int LISTING = 32 * 1024;
    private static final int FILE = FsFolders.FILE;
    /** Files that a run makes or removes, at most. */
    private static final int MADE = 8000;

    private static final int QUEUE_SIZE = 1024;

    final FsContender contender;
    private final FsDaemon daemon;
    private final CpuTime cpu;
    private final CpuTime self = new CpuTime(ProcessHandle.current().pid());
    private final FuseGuest guest;
    private final FuseRequest request;
    private final FsLoop loop;
    private final byte[][] names = new byte[Math.max(FILES, MADE)][];
    private final long[] nodes = new long[FILES];
    private final long[] made = new long[MADE];
    private final long[] handles = new long[MADE];
    private final long[] listings;
    private final int buffers;
    private final long many;
    private final long listed;
    private final long scratch;
    private final long file;
    private final long handle;
    private SplittableRandom random = new SplittableRandom(1);
    private long unique;

    /** @param buffers of 1 MiB, over all queues, to which large requests go in turn */
    FsTarget(FsContender contender, FsDaemon daemon, int queues, int depth, int buffers, boolean polling) {
        this.buffers = Math.max(depth, buffers);
        this.contender = contender;
        this.daemon = daemon;
        guest = new FuseGuest(Linux.system(), new FuseShape(queues, this.buffers, 1 << 20, QUEUE_SIZE, polling));
        guest.connect(daemon.socket().toString());
        cpu = new CpuTime(daemon.pid()); // virtiofsd serves from a child that it makes now
        loop = new FsLoop(guest);
        request = new FuseRequest(guest.ram());
        FuseSession session = new FuseSession(guest);
        session.init(Init.MINOR, FuseSession.FLAGS, 0);
        for (int i = 0; i < names.length; i++) {
            names[i] = ("file-" + i).getBytes(StandardCharsets.UTF_8);
        }
        many = session.names().lookup(FuseSession.ROOT, "many").node();
        listed = session.names().lookup(FuseSession.ROOT, "listed").node();
        scratch = session.names().lookup(FuseSession.ROOT, "scratch").node();
        file = session.names().lookup(FuseSession.ROOT, "data").node();
        handle = session.files().open(file, OpenFiles.RDWR).handle();
        for (int i = 0; i < FILES; i++) {
            nodes[i] = session.names().lookup(many, names[i]).node();
        }
        listings = new long[(queues + 1) * guest.shape().slots()];
        for (int i = 0; i < listings.length; i++) {
            listings[i] = session.directories().open(listed).handle();
        }
    }

    /** Queues that are used of those that were asked for. */
    int queues() {
        return guest.queues();
    }

    /** Runs a load for about so long: caches, the JIT compiler. */
    void warmUp(FsLoad load, long nanos) {
        long end = System.nanoTime() + nanos;
        do {
            run(load, load.operation().isMaking() ? 1 : nanos);
        } while (System.nanoTime() < end);
    }

    /** Runs a load for so long; of files that are made or removed, as many at a time as a daemon may have open. */
    LoadResult run(FsLoad load, long nanos) {
        random = new SplittableRandom(load.hashCode());
        FsRun result = new FsRun();
        if (!load.operation().isMaking()) {
            run(load.operation(), load.depth(), nanos / 5, Long.MAX_VALUE); // caches, the JIT compiler
        }
        long begin = System.nanoTime();
        Neighbours neighbours = new Neighbours(self, cpu);
        if (load.operation().isMaking()) {
            while (result.nanos() < nanos) {
                make(load, result);
            }
        } else {
            measure(load, nanos, Long.MAX_VALUE, result);
        }
        return result.result((double) neighbours.nanos() / (System.nanoTime() - begin));
    }

    private void make(FsLoad load, FsRun result) {
        if (load.operation() == FsOperation.UNLINK) {
            create(load.depth(), MADE);
            measure(load, Long.MAX_VALUE >> 1, MADE, result);
        } else {
            measure(load, Long.MAX_VALUE >> 1, MADE, result);
            long before = cpu.nanos();
            release(load.depth());
            if (load.operation() == FsOperation.CREATE_RELEASE) {
                result.add(0, loop.nanos(), cpu.nanos() - before, FsLoop.latencyHistogram());
            }
            run(FsOperation.UNLINK, load.depth(), Long.MAX_VALUE >> 1, MADE);
        }
        forget();
    }

    private void measure(FsLoad load, long nanos, long most, FsRun result) {
        long before = cpu.nanos();
        long done = run(load.operation(), load.depth(), nanos, most);
        result.add(done, loop.nanos(), cpu.nanos() - before, loop.latencies());
    }

    private long run(FsOperation operation, int depth, long nanos, long most) {
        return loop.run(work(operation), depth, operation.isLarge() ? buffers : depth, nanos, most);
    }

    private FsLoop.Work work(FsOperation operation) {
        return switch (operation) {
            case LOOKUP -> this::lookup;
            case GETATTR -> this::getattr;
            case READDIRPLUS -> this::readdirplus;
            case CREATE, CREATE_RELEASE -> creation();
            case UNLINK -> this::unlink;
            case READ_4K, READ_1M ->
                (queue, slot, number) -> read(queue, slot, offset(operation, number), operation.block());
            case WRITE_4K, WRITE_1M ->
                (queue, slot, number) -> write(queue, slot, offset(operation, number), operation.block());
        };
    }

    private long offset(FsOperation operation, long number) {
        int blocks = FILE / operation.block();
        return (blocks > FILE >> 20 ? random.nextInt(blocks) : number % blocks) * operation.block();
    }

    private FuseRequest begin(int queue, int slot, int opcode, long node) {
        unique += 2;
        return request.begin(guest.request(queue, slot), opcode, unique, node, 0, 0);
    }

    private void offer(int queue, int slot, int sent, int fixed, int received) {
        request.end(sent);
        guest.offer(queue, slot, request.length(), sent, fixed, received, true);
    }

    private void lookup(int queue, int slot, long number) {
        begin(queue, slot, Opcode.LOOKUP, many).name(names[random.nextInt(FILES)]);
        offer(queue, slot, 0, Entry.SIZE, 0);
    }

    private void getattr(int queue, int slot, long number) {
        begin(queue, slot, Opcode.GETATTR, nodes[random.nextInt(FILES)]).u64(0).u64(0);
        offer(queue, slot, 0, 104, 0);
    }

    private void readdirplus(int queue, int slot, long number) {
        begin(queue, slot, Opcode.READDIRPLUS, listed)
                .u64(listings[queue * guest.shape().slots() + slot])
                .u64(0)
                .u32(LISTING)
                .u32(0)
                .u64(0)
                .u64(0);
        offer(queue, slot, 0, 0, LISTING);
    }

    private void read(int queue, int slot, long offset, int size) {
        begin(queue, slot, Opcode.READ, file)
                .u64(handle)
                .u64(offset)
                .u32(size)
                .u32(0)
                .u64(0)
                .u64(0);
        offer(queue, slot, 0, 0, size);
    }

    private void write(int queue, int slot, long offset, int size) {
        begin(queue, slot, Opcode.WRITE, file)
                .u64(handle)
                .u64(offset)
                .u32(size)
                .u32(0)
                .u64(0)
                .u64(0);
        offer(queue, slot, size, 8, 0);
    }

    private void unlink(int queue, int slot, long number) {
        begin(queue, slot, Opcode.UNLINK, scratch).name(names[(int) number]);
        offer(queue, slot, 0, 0, 0);
    }

    private FsLoop.Work creation() {
        return new FsLoop.Work() {
            @Override
            public void offer(int queue, int slot, long number) {
                begin(queue, slot, Opcode.CREATE, scratch)
                        .u32(OpenFiles.RDWR | OpenFiles.CREAT)
                        .u32(0100644)
                        .u64(0)
                        .name(names[(int) number]);
                FsTarget.this.offer(queue, slot, 0, Entry.SIZE + 16, 0);
            }

            @Override
            public void ended(int queue, int slot, long number) {
                long entry = guest.reply(queue, slot) + 16;
                made[(int) number] = guest.ram().get(ValueLayout.JAVA_LONG, entry);
                handles[(int) number] = guest.ram().get(ValueLayout.JAVA_LONG, entry + Entry.SIZE);
            }
        };
    }

    private void create(int depth, int count) {
        loop.run(creation(), depth, depth, Long.MAX_VALUE >> 1, count);
        release(depth);
    }

    private void release(int depth) {
        FsLoop.Work work = (queue, slot, number) -> {
            begin(queue, slot, Opcode.RELEASE, made[(int) number])
                    .u64(handles[(int) number])
                    .u64(0)
                    .u64(0);
            offer(queue, slot, 0, 0, 0);
        };
        loop.run(work, depth, depth, Long.MAX_VALUE >> 1, MADE);
    }

    private void forget() {
        FuseSession session = new FuseSession(guest);
        for (long node : made) {
            session.names().forget(node, 1);
        }
    }

    @Override
    public void close() throws IOException {
        guest.close();
        daemon.close();
    }

    /** The command line of {@link NullFs}. */
    static List<String> nothing(Path socket) {
        return List.of(
                System.getProperty("java.home") + "/bin/java",
                "-XX:+UseSerialGC",
                "-Xmx64m",
                "--enable-native-access=ALL-UNNAMED",
                "--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED",
                "--limit-modules=java.base",
                "-cp",
                System.getProperty("java.class.path"),
                NullFs.class.getName(),
                socket.toString());
    }
}
