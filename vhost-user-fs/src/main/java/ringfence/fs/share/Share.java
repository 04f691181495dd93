package ringfence.fs.share;

import ringfence.fs.state.FsState;
import ringfence.fs.state.NodeTable;
import ringfence.fs.tree.Tree;
import ringfence.keep.Keeper;
import ringfence.linux.Linux;
import ringfence.linux.Statx;

/**
 * What all operations of a share need. Any thread; it owns nothing.
 *
 * @param linux system calls
 * @param state what a successor will need
 * @param tree what is open
 * @param keeper who keeps descriptors beyond our death
 * @param options the command line's
 * @param features what INIT has settled
 * @param crash who stops us, in tests
 */
public record Share(
        Linux linux,
        FsState state,
        Tree tree,
        Keeper keeper,
        ShareOptions options,
        Features features,
        CrashPoints crash) {
    /** For what statx(2) tells: files beside the shared directory's mount are told from those of the same number in it. */
    Statx stat() {
        Statx stat = new Statx();
        if (linux.attributes().tryStat(tree.nodes().peek(NodeTable.ROOT).fd(), stat) == 0) {
            stat.home(stat.mount());
        }
        return stat;
    }
}
