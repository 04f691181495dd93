package ringfence.fs.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import ringfence.fs.share.ShareOptions;
import ringfence.fs.tree.HandleUse;
import ringfence.vhostuser.link.BackendSocket;

/**
 * One share, as the command line asks for it.
 *
 * @param socket where it is served
 * @param directory what is shared
 * @param options what the guest sees
 * @param fileHandles when files are opened by their handles
 * @param stateFd a predecessor's state; empty: what a supervisor has kept, or a new one
 * @param openFiles limit of open files; empty: the most that is allowed
 * @param counters file to count in; empty: none
 */
record FsSpec(
        BackendSocket socket,
        String directory,
        ShareOptions options,
        HandleUse fileHandles,
        OptionalInt stateFd,
        OptionalInt openFiles,
        Optional<Path> counters) {}
