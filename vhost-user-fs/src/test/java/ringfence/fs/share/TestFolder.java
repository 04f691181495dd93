package ringfence.fs.share;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import ringfence.fs.state.FsState;
import ringfence.fs.state.KeptName;
import ringfence.fs.state.Limits;
import ringfence.fs.tree.HandleUse;
import ringfence.fs.tree.Tree;
import ringfence.keep.Keeper;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Statx;
import ringfence.telemetry.CounterSet;
import ringfence.telemetry.Counters;

/** A folder on tmpfs, shared without a socket; it can lose its daemon and get another one. */
final class TestFolder implements AutoCloseable, Keeper {
    static final long ROOT = 1;

    final Linux linux = Linux.system();
    final Path top;
    final Path path;
    final Map<String, Fd> kept = new LinkedHashMap<>();
    private final ShareOptions options;
    private final int descriptors;
    private HandleUse use;
    private Fd left;
    int lostLocks;
    private CrashPoints crash = CrashPoints.NONE;
    FsState state;
    Tree tree;
    Share share;
    CounterSet<FsCounter> counters;
    FsEngine engine;
    TestGuest guest;

    TestFolder() {
        this(ShareOptions.defaults(), 10_000);
    }

    TestFolder(ShareOptions options, int descriptors) {
        this(options, descriptors, HandleUse.NEVER);
    }

    TestFolder(ShareOptions options, int descriptors, HandleUse use) {
        this(options, descriptors, use, Path.of("/dev/shm"));
    }

    TestFolder(ShareOptions options, int descriptors, HandleUse use, Path where) {
        this.use = use;
        this.options = options;
        this.descriptors = descriptors;
        try {
            top = Files.createTempDirectory(where, "ringfence-fs");
            path = Files.createDirectory(top.resolve("root"));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        state = FsState.create(linux, new Limits(4096, 256, 2));
        guest = new TestGuest(linux);
        serve();
        guest.init();
    }

    private void serve() {
        Fd root = linux.files().open(path.toString(), OpenFlag.PATH, OpenFlag.DIRECTORY);
        Statx stat = new Statx();
        assertThat(linux.attributes().tryStat(root, stat)).isZero();
        tree = new Tree(
                linux, root, state.limits().nodes(), state.limits().handles(), descriptors, use, id -> drop(name(id)));
        state.observe(tree);
        assertThat(state.root(stat.device(), stat.inode(), stat.mode())).isTrue();
        Features features = new Features();
        features.set(state.session());
        share = new Share(linux, state, tree, this, options, features, (at, opcode) -> crash.reach(at, opcode));
        counters = new CounterSet<>(FsCounter.class, what -> what.type, Counters.hidden(), "fs", 0);
        engine = new FsEngine(share, 0, counters);
        guest.engine(engine);
        lostLocks = Kept.takeOver(share, kept);
    }

    private static String name(long id) {
        return KeptName.node(id);
    }

    /** From now on, somebody listens. */
    void crash(CrashPoints points) {
        crash = points;
    }

    /** The next daemon has another --inode-file-handles. */
    void use(HandleUse other) {
        use = other;
    }

    /** The daemon dies, another one takes over what it has left. */
    void restart() {
        die();
        rise();
    }

    /** Nobody serves it; what the host's kernel had for the daemon is gone. */
    void die() {
        crash = CrashPoints.NONE;
        left = state.file().duplicate();
        engine.close();
        tree.close();
        state.close();
    }

    void rise() {
        state = FsState.adopt(linux, left);
        serve();
    }

    @Override
    public void keep(String name, Fd fd) {
        Fd before = kept.put(name, fd.duplicate());
        if (before != null) {
            before.close();
        }
    }

    @Override
    public void drop(String name) {
        Fd fd = kept.remove(name);
        if (fd != null) {
            fd.close();
        }
    }

    @Override
    public void ready(String status) {}

    @Override
    public void alive() {}

    @Override
    public void close() {
        engine.close();
        tree.close();
        state.close();
        guest.close();
        kept.values().forEach(Fd::close);
        try (var files = Files.walk(top)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
