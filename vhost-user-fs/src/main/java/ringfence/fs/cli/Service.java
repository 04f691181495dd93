package ringfence.fs.cli;

import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import ringfence.fs.share.CrashPoints;
import ringfence.fs.share.Features;
import ringfence.fs.share.FsCounter;
import ringfence.fs.share.FsDevice;
import ringfence.fs.share.Kept;
import ringfence.fs.share.Share;
import ringfence.fs.state.FsState;
import ringfence.fs.state.KeptName;
import ringfence.fs.state.Limits;
import ringfence.fs.state.StateException;
import ringfence.fs.tree.HandleUse;
import ringfence.fs.tree.Tree;
import ringfence.keep.Keeper;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Limit;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Statx;
import ringfence.process.DaemonMain;
import ringfence.telemetry.Counters;
import ringfence.telemetry.CountersFile;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.QueueStats;

/** One share being served: owns its state, what is open, and its back-end. */
final class Service implements DaemonMain.Service, AutoCloseable {
    /** Descriptors that we need ourselves. */
    private static final int OURS = 64;

    private final FsState state;
    private final Tree tree;
    private final Backend backend;
    private final Optional<CountersFile> counters;
    private boolean closed;

    private Service(FsState state, Tree tree, Backend backend, Optional<CountersFile> counters) {
        this.state = state;
        this.tree = tree;
        this.backend = backend;
        this.counters = counters;
    }

    /**
     * Opens a share and serves it.
     *
     * @param kept what a predecessor has had kept, by name; it stays the caller's
     * @throws IllegalArgumentException with one line for the user; nothing stays open
     */
    static Service open(
            Linux linux,
            FsSpec spec,
            Map<String, Fd> kept,
            Keeper keeper,
            BackendOptions options,
            Consumer<String> details) {
        int descriptors = descriptors(linux, spec);
        Fd root = root(linux, spec.directory());
        FsState state = null;
        Tree tree = null;
        try {
            state = state(linux, spec, kept, keeper);
            tree = tree(linux, root, state, keeper, spec.fileHandles(), descriptors);
            knowRoot(linux, root, state, spec);
            Features features = new Features();
            features.set(state.session());
            Share share = new Share(linux, state, tree, keeper, spec.options(), features, CrashPoints.NONE);
            int lost = Kept.takeOver(share, kept);
            int queues = FsDevice.queues(spec.options());
            Optional<CountersFile> file = spec.counters()
                    .map(path -> CountersFile.create(
                            "--counters",
                            path,
                            "vhost-user-fs",
                            queues * (QueueStats.count() + FsCounter.values().length),
                            Clock.systemUTC()));
            Counters source = file.map(CountersFile::counters).orElseGet(Counters::hidden);
            FsDevice device = new FsDevice(share, source, options.name());
            device.lost(lost);
            if (lost > 0) {
                options.log().accept(lost + " locks of the guest are lost: others on the host have taken them");
            }
            details.accept("sharing " + spec.directory() + ", " + descriptors + " descriptors");
            if (!tree.fileHandles().refusal().isEmpty()) {
                details.accept(
                        "each file keeps a descriptor: " + tree.fileHandles().refusal());
            }
            Backend backend = spec.socket().serve(linux, device, options.withCounters(source));
            keeper.ready("sharing " + spec.directory());
            return new Service(state, tree, backend, file);
        } catch (RuntimeException e) {
            if (tree != null) {
                tree.close();
            } else {
                root.close();
            }
            if (state != null) {
                state.close();
            }
            throw e instanceof StateException || e instanceof ErrnoException
                    ? new IllegalArgumentException(e.getMessage(), e)
                    : e;
        }
    }

    private static Fd root(Linux linux, String path) {
        try {
            return linux.files().open(path, OpenFlag.PATH, OpenFlag.DIRECTORY);
        } catch (ErrnoException e) {
            throw new IllegalArgumentException(
                    "--shared-dir=" + path + ": " + e.errno().text() + ", name a directory", e);
        }
    }

    private static int descriptors(Linux linux, FsSpec spec) {
        Limit now = linux.processes().openFiles();
        long wanted = spec.openFiles().isPresent() ? spec.openFiles().getAsInt() : now.hard();
        if (wanted > now.hard() || wanted <= OURS) {
            throw new IllegalArgumentException(
                    "--rlimit-nofile=" + wanted + ": above " + OURS + ", at most " + now.hard() + " are possible");
        }
        linux.processes().openFiles(new Limit(wanted, now.hard()));
        return (int) Math.min(wanted - OURS, Integer.MAX_VALUE / 2);
    }

    private static FsState state(Linux linux, FsSpec spec, Map<String, Fd> kept, Keeper keeper) {
        if (spec.stateFd().isPresent()) {
            int number = spec.stateFd().getAsInt();
            Fd given;
            try {
                given = linux.files().duplicate(number);
            } catch (ErrnoException e) {
                throw new IllegalArgumentException("--state-fd=" + number + " is no open descriptor", e);
            }
            return FsState.adopt(linux, given);
        }
        Fd old = kept.get(KeptName.STATE);
        if (old != null) {
            return FsState.adopt(linux, old.duplicate());
        }
        FsState state = FsState.create(linux, Limits.forQueues(FsDevice.queues(spec.options())));
        keeper.keep(KeptName.STATE, state.file());
        return state;
    }

    private static Tree tree(
            Linux linux, Fd root, FsState state, Keeper keeper, HandleUse fileHandles, int descriptors) {
        Tree tree = new Tree(
                linux,
                root,
                state.limits().nodes(),
                state.limits().handles(),
                descriptors,
                fileHandles,
                id -> keeper.drop(KeptName.node(id)));
        state.observe(tree);
        return tree;
    }

    private static void knowRoot(Linux linux, Fd root, FsState state, FsSpec spec) {
        Statx stat = new Statx();
        long result = linux.attributes().tryStat(root, stat);
        if (result < 0) {
            throw new IllegalArgumentException("--shared-dir=" + spec.directory() + ": cannot be looked at");
        }
        if (!state.root(stat.device(), stat.inode(), stat.mode())) {
            throw new IllegalArgumentException("--shared-dir=" + spec.directory()
                    + ": the state is that of another directory, share that one or leave --state-fd out");
        }
    }

    @Override
    public void await() throws InterruptedException {
        backend.await();
    }

    /** By the signal's thread and by main's, perhaps both. */
    @Override
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        backend.close();
        tree.close();
        state.close();
        counters.ifPresent(CountersFile::close);
    }
}
