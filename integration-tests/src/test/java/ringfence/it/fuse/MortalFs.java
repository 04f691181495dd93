package ringfence.it.fuse;

import java.io.File;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicInteger;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.share.CachePolicy;
import ringfence.fs.share.CrashPoints;
import ringfence.fs.share.Features;
import ringfence.fs.share.FsDevice;
import ringfence.fs.share.IdMap;
import ringfence.fs.share.Kept;
import ringfence.fs.share.Share;
import ringfence.fs.share.ShareOptions;
import ringfence.fs.state.FsState;
import ringfence.fs.state.KeptName;
import ringfence.fs.state.Limits;
import ringfence.fs.tree.Tree;
import ringfence.keep.Keeper;
import ringfence.keep.KeptDescriptors;
import ringfence.keep.NotifyKeeper;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Statx;
import ringfence.telemetry.Counters;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.BackendSocket;

/**
 * A program: our file system's daemon that dies as by SIGKILL at a point of a request: of a random one, or of those that are
 * appointed. Options are the daemon's, as far as they are needed.
 */
public final class MortalFs {
    /** The point, of {@link CrashPoints.At}; some requests pass it first. */
    static final String POINT = "ringfence.fs.point";
    /** In place of it: a folder of {@link #death appointed deaths}. */
    static final String DEATHS = "ringfence.fs.deaths";

    private static final int MOST = 200;
    private static final int LIKE_SIGKILL = 137;
    private static final int DESCRIPTORS = 10_000;

    private MortalFs() {}

    /** Arguments: --socket-path=, --shared-dir=. */
    public static void main(String[] arguments) throws InterruptedException {
        Map<String, String> options = new HashMap<>();
        for (String argument : arguments) {
            int equals = argument.indexOf('=');
            options.put(equals < 0 ? argument : argument.substring(0, equals), argument.substring(equals + 1));
        }
        Linux linux = Linux.system();
        Keeper keeper = NotifyKeeper.from(linux, System.getenv(), System.err::println);
        ShareOptions share = new ShareOptions(
                Optional.empty(),
                1,
                1024,
                CachePolicy.AUTO,
                false,
                true,
                false,
                false,
                false,
                false,
                false,
                false,
                false,
                false,
                IdMap.IDENTITY,
                IdMap.IDENTITY);
        serve(linux, kept(linux), keeper, share, options);
    }

    private static Map<String, Fd> kept(Linux linux) {
        Map<String, Fd> kept = new HashMap<>();
        try (KeptDescriptors all = KeptDescriptors.from(linux, System.getenv(), KeptName::isOurs)) {
            List.copyOf(all.names()).forEach(name -> all.take(name).ifPresent(fd -> kept.put(name, fd)));
        }
        return kept;
    }

    private static void serve(
            Linux linux, Map<String, Fd> kept, Keeper keeper, ShareOptions options, Map<String, String> words)
            throws InterruptedException {
        Fd root = linux.files().open(words.get("--shared-dir"), OpenFlag.PATH, OpenFlag.DIRECTORY);
        Fd old = kept.remove(KeptName.STATE);
        FsState state = old == null
                ? FsState.create(linux, Limits.forQueues(FsDevice.queues(options)))
                : FsState.adopt(linux, old);
        if (old == null) {
            keeper.keep(KeptName.STATE, state.file());
        }
        Tree tree = new Tree(
                linux,
                root,
                state.limits().nodes(),
                state.limits().handles(),
                DESCRIPTORS,
                id -> keeper.drop(KeptName.node(id)));
        state.observe(tree);
        Statx stat = new Statx();
        linux.attributes().tryStat(root, stat);
        state.root(stat.device(), stat.inode(), stat.mode());
        Features features = new Features();
        features.set(state.session());
        Share share = new Share(linux, state, tree, keeper, options, features, points());
        Kept.takeOver(share, kept);
        kept.values().forEach(Fd::close);
        FsDevice device = new FsDevice(share, Counters.hidden(), "fs");
        new BackendSocket(Optional.of(words.get("--socket-path")), OptionalInt.empty())
                .serve(linux, device, BackendOptions.defaults())
                .await();
    }

    /** The name of a file that has the next request of a kind die at a point; it is removed before. */
    static String death(CrashPoints.At at, Opcode opcode) {
        return opcode + "-" + at;
    }

    private static CrashPoints points() {
        String appointed = System.getProperty(DEATHS);
        if (appointed != null) {
            return (at, opcode) -> {
                if (new File(appointed, death(at, opcode)).delete()) {
                    die();
                }
            };
        }
        CrashPoints.At deadly = CrashPoints.At.valueOf(System.getProperty(POINT));
        // not at the first one, which may be what its predecessor died with: two deaths, and the third fails it
        AtomicInteger left = new AtomicInteger(new SplittableRandom(System.nanoTime()).nextInt(2, 2 + MOST));
        return (at, _) -> {
            if (at == deadly && left.decrementAndGet() == 0) {
                die();
            }
        };
    }

    private static void die() {
        Runtime.getRuntime().halt(LIKE_SIGKILL);
    }
}
