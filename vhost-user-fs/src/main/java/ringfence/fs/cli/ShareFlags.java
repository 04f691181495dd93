package ringfence.fs.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import ringfence.fs.share.CachePolicy;
import ringfence.fs.share.ShareOptions;
import ringfence.fs.tree.HandleUse;
import ringfence.vhostuser.link.BackendSocket;
import ringfence.virtio.FsLayout;

/** The options that describe a share, with virtiofsd's names and meanings. */
final class ShareFlags {
    private static final int MAX_QUEUES = 64;
    private static final int MAX_THREADS = 64;

    @Option(names = "--socket-path", paramLabel = "PATH", description = "Listen on this Unix socket.")
    private String socketPath;

    @Option(names = "--fd", paramLabel = "N", description = "Serve this descriptor: a socket, listening or connected.")
    private Integer fd;

    @Option(names = "--shared-dir", paramLabel = "DIR", description = "The directory that the guest sees.")
    private String sharedDir;

    @Option(
            names = "--tag",
            paramLabel = "NAME",
            description = "What the guest mounts, 1 to 36 bytes; without it, the front-end has the name.")
    private String tag;

    @Option(
            names = "--cache",
            paramLabel = "auto|always|never|metadata",
            description = "auto: names and attributes hold a second; always: nobody else uses the folder; never: all is"
                    + " asked each time; metadata: as always, but data is asked each time (${DEFAULT-VALUE}).")
    private String cache = "auto";

    @Option(names = "--readonly", description = "Nothing may be changed.")
    private boolean readonly;

    @Option(names = "--xattr", description = "Serve extended attributes.")
    private boolean xattr;

    @Option(names = "--posix-acl", description = "Serve access control lists; implies --xattr.")
    private boolean posixAcl;

    @Option(names = "--announce-submounts", description = "Tell the guest where other file systems are mounted below.")
    private boolean announceSubmounts;

    @Option(
            names = "--inode-file-handles",
            paramLabel = "never|prefer|mandatory",
            description =
                    "never: a descriptor is kept for each file that the guest knows; prefer: where the file system has"
                        + " file handles and we are root, files are opened by those when they are needed; mandatory:"
                        + " other files are not served (${DEFAULT-VALUE}).")
    private String inodeFileHandles = "never";

    @Option(
            names = "--num-request-queues",
            paramLabel = "N",
            description = "Request queues that the guest is told of, 1 to 64 (${DEFAULT-VALUE}); each has a thread.")
    private int requestQueues = 1;

    @Option(names = "--queue-size", paramLabel = "N", description = "Most entries of a queue (${DEFAULT-VALUE}).")
    private int queueSize = 1024;

    @Option(
            names = "--thread-pool-size",
            paramLabel = "N",
            description = "For virtiofsd's command lines, 0 to 64: each queue has one thread here, whatever it says;"
                    + " more queues are more threads.")
    private int threadPoolSize;

    @Option(
            names = "--translate-uid",
            paramLabel = "RULE",
            description = "map, guest, host, squash-guest or squash-host:FROM:TO:COUNT, or forbid-guest:FROM:COUNT.")
    private List<String> translateUid = List.of();

    @Option(names = "--translate-gid", paramLabel = "RULE", description = "The same for groups.")
    private List<String> translateGid = List.of();

    @Option(
            names = Sandbox.OPTION,
            paramLabel = "namespace|chroot|none",
            description =
                    "namespace: we reach the folder and nothing else, and have a network of our own if we are root;"
                            + " chroot: the same, on the host's network; none: who starts us confines us"
                            + " (${DEFAULT-VALUE}).")
    private String sandbox = Sandbox.NONE;

    @Option(names = "--allow-direct-io", description = "Pass the guest's O_DIRECT on to the host's files.")
    private boolean allowDirectIo;

    @Option(names = "--allow-mmap", description = "Files that are not cached may be mapped shared (guests since 6.6).")
    private boolean allowMmap;

    @Option(names = "--writeback", description = "The guest may write later; for folders that nobody else uses.")
    private boolean writeback;

    @Option(names = "--killpriv-v2", description = "We, not the guest, take set-user-ID bits from files that change.")
    private boolean killpriv;

    @Mixin
    private LockFlags locks;

    @Option(
            names = "--rlimit-nofile",
            paramLabel = "N",
            description = "Most open files; the guest gets ENFILE beyond (what the system allows).")
    private Integer rlimitNofile;

    @Option(names = "--state-fd", paramLabel = "N", description = "State that a predecessor has left, to go on with.")
    private Integer stateFd;

    @Option(names = "--counters", paramLabel = "FILE", description = "Count in this file, for others to read.")
    private String counters;

    /** @throws IllegalArgumentException with one line for the user */
    FsSpec spec() {
        if (sharedDir == null) {
            throw new IllegalArgumentException("--shared-dir is missing (see --help)");
        }
        if (socketPath == null && fd == null) {
            throw new IllegalArgumentException("--socket-path or --fd is missing (see --help)");
        }
        refuse();
        ShareOptions options = new ShareOptions(
                Optional.ofNullable(tag),
                requestQueues,
                queueSize,
                policy(),
                readonly,
                xattr || posixAcl,
                posixAcl,
                announceSubmounts,
                allowDirectIo,
                allowMmap,
                writeback,
                killpriv,
                locks.flock(),
                locks.posixLock(),
                IdRules.parse("--translate-uid", translateUid),
                IdRules.parse("--translate-gid", translateGid));
        return new FsSpec(
                new BackendSocket(Optional.ofNullable(socketPath), optional(fd)),
                sharedDir,
                options,
                HandleUse.of(inodeFileHandles),
                optional(stateFd),
                optional(rlimitNofile),
                Optional.ofNullable(counters).map(Path::of));
    }

    /** What we are to confine ourselves by; empty: nothing. @throws IllegalArgumentException with one line for the user */
    Optional<Sandbox> sandbox() {
        return Sandbox.of(sandbox);
    }

    /** A line for the user about an option that is taken and does not do what its name says. */
    Optional<String> advice() {
        return threadPoolSize <= 1
                ? Optional.empty()
                : Optional.of(
                        "--thread-pool-size=" + threadPoolSize + " changes nothing: each queue has one thread, so give"
                                + " --num-request-queues=" + threadPoolSize + " to serve as many requests at a time");
    }

    private static OptionalInt optional(Integer number) {
        return number == null ? OptionalInt.empty() : OptionalInt.of(number);
    }

    private void refuse() {
        locks.check();
        if (tag != null) {
            int bytes = tag.getBytes(StandardCharsets.UTF_8).length;
            if (bytes < 1 || bytes > FsLayout.MAX_TAG) {
                throw new IllegalArgumentException(
                        "--tag has " + bytes + " bytes, give 1 to " + FsLayout.MAX_TAG + ": " + tag);
            }
        }
        if (posixAcl && !(translateUid.isEmpty() && translateGid.isEmpty())) {
            throw new IllegalArgumentException(
                    "--translate-uid and --translate-gid do not change the ids in access control"
                            + " lists: leave them or --posix-acl out");
        }
        range("--num-request-queues", requestQueues, 1, MAX_QUEUES);
        range("--thread-pool-size", threadPoolSize, 0, MAX_THREADS);
        range("--queue-size", queueSize, 2, 1024);
        if (Integer.bitCount(queueSize) != 1) {
            throw new IllegalArgumentException("--queue-size=" + queueSize + " is no power of two");
        }
    }

    private static void range(String option, int value, int low, int high) {
        if (value < low || value > high) {
            throw new IllegalArgumentException(option + " is " + value + ", not " + low + " to " + high);
        }
    }

    private CachePolicy policy() {
        for (CachePolicy one : CachePolicy.values()) {
            if (one.name().toLowerCase(Locale.ROOT).equals(cache)) {
                return one;
            }
        }
        throw new IllegalArgumentException("--cache is auto, always, never or metadata, not " + cache);
    }
}
