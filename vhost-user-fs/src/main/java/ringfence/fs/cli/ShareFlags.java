package ringfence.fs.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import ringfence.fs.share.CachePolicy;
import ringfence.fs.share.ShareOptions;
import ringfence.fs.tree.HandleUse;
import ringfence.process.Options;
import ringfence.vhostuser.link.BackendSocket;
import ringfence.virtio.FsLayout;

/** The options that describe a share, with virtiofsd's names and meanings. */
final class ShareFlags {
    private static final int MAX_QUEUES = 64;
    private static final int MAX_THREADS = 64;

    private final Options.Text socketPath;
    private final Options.Number fd;
    private final Options.Text sharedDir;
    private final Options.Text tag;
    private final Options.Text cache;
    private final Options.Flag readonly;
    private final Options.Flag xattr;
    private final Options.Flag posixAcl;
    private final Options.Flag announceSubmounts;
    private final Options.Text inodeFileHandles;
    private final Options.Number requestQueues;
    private final Options.Number queueSize;
    private final Options.Number threadPoolSize;
    private final Options.Several<String> translateUid;
    private final Options.Several<String> translateGid;
    private final Options.Text sandbox;
    private final Options.Flag allowDirectIo;
    private final Options.Flag allowMmap;
    private final Options.Flag writeback;
    private final Options.Flag killpriv;
    private final LockFlags locks;
    private final Options.Number rlimitNofile;
    private final Options.Number stateFd;
    private final Options.Text counters;

    ShareFlags(Options options) {
        socketPath = options.text("--socket-path", "PATH", "Listen on this Unix socket.");
        fd = options.number("--fd", "N", "Serve this descriptor: a socket, listening or connected.");
        sharedDir = options.text("--shared-dir", "DIR", "The directory that the guest sees.");
        tag = options.text(
                "--tag", "NAME", "What the guest mounts, 1 to 36 bytes; without it, the front-end has the name.");
        cache = options.text(
                "--cache",
                "auto|always|never|metadata",
                "auto",
                "auto: names and attributes hold a second; always: nobody else uses the folder; never: all is"
                        + " asked each time; metadata: as always, but data is asked each time (${DEFAULT-VALUE}).");
        readonly = options.flag("--readonly", "Nothing may be changed.");
        xattr = options.flag("--xattr", "Serve extended attributes.");
        posixAcl = options.flag("--posix-acl", "Serve access control lists; implies --xattr.");
        announceSubmounts =
                options.flag("--announce-submounts", "Tell the guest where other file systems are mounted below.");
        inodeFileHandles = options.text(
                "--inode-file-handles",
                "never|prefer|mandatory",
                "never",
                "never: a descriptor is kept for each file that the guest knows; prefer: where the file system has"
                        + " file handles and we are root, files are opened by those when they are needed; mandatory:"
                        + " other files are not served (${DEFAULT-VALUE}).");
        requestQueues = options.number(
                "--num-request-queues",
                "N",
                1,
                "Request queues that the guest is told of, 1 to 64 (${DEFAULT-VALUE}); each has a thread.");
        queueSize = options.number("--queue-size", "N", 1024, "Most entries of a queue (${DEFAULT-VALUE}).");
        threadPoolSize = options.number(
                "--thread-pool-size",
                "N",
                0,
                "For virtiofsd's command lines, 0 to 64: each queue has one thread here, whatever it says;"
                        + " more queues are more threads.");
        translateUid = options.texts(
                "--translate-uid",
                "RULE",
                "map, guest, host, squash-guest or squash-host:FROM:TO:COUNT, or forbid-guest:FROM:COUNT.");
        translateGid = options.texts("--translate-gid", "RULE", "The same for groups.");
        sandbox = options.text(
                Sandbox.OPTION,
                "namespace|chroot|none",
                Sandbox.NONE,
                "namespace: we reach the folder and nothing else, and have a network of our own if we are root;"
                        + " chroot: the same, on the host's network; none: who starts us confines us"
                        + " (${DEFAULT-VALUE}).");
        allowDirectIo = options.flag("--allow-direct-io", "Pass the guest's O_DIRECT on to the host's files.");
        allowMmap = options.flag("--allow-mmap", "Files that are not cached may be mapped shared (guests since 6.6).");
        writeback = options.flag("--writeback", "The guest may write later; for folders that nobody else uses.");
        killpriv = options.flag("--killpriv-v2", "We, not the guest, take set-user-ID bits from files that change.");
        locks = new LockFlags(options);
        rlimitNofile = options.number(
                "--rlimit-nofile", "N", "Most open files; the guest gets ENFILE beyond (what the system allows).");
        stateFd = options.number("--state-fd", "N", "State that a predecessor has left, to go on with.");
        counters = options.text("--counters", "FILE", "Count in this file, for others to read.");
    }

    /** @throws IllegalArgumentException with one line for the user */
    FsSpec spec() {
        String folder = sharedDir
                .value()
                .orElseThrow(() -> new IllegalArgumentException("--shared-dir is missing (see --help)"));
        if (socketPath.value().isEmpty() && fd.value().isEmpty()) {
            throw new IllegalArgumentException("--socket-path or --fd is missing (see --help)");
        }
        refuse();
        ShareOptions options = new ShareOptions(
                tag.value(),
                requestQueues.get(),
                queueSize.get(),
                policy(),
                readonly.isGiven(),
                xattr.isGiven() || posixAcl.isGiven(),
                posixAcl.isGiven(),
                announceSubmounts.isGiven(),
                allowDirectIo.isGiven(),
                allowMmap.isGiven(),
                writeback.isGiven(),
                killpriv.isGiven(),
                locks.flock(),
                locks.posixLock(),
                IdRules.parse("--translate-uid", translateUid.values()),
                IdRules.parse("--translate-gid", translateGid.values()));
        return new FsSpec(
                new BackendSocket(socketPath.value(), fd.value()),
                folder,
                options,
                HandleUse.of(inodeFileHandles.get()),
                stateFd.value(),
                rlimitNofile.value(),
                counters.value().map(Path::of));
    }

    /** What we are to confine ourselves by; empty: nothing. @throws IllegalArgumentException with one line for the user */
    Optional<Sandbox> sandbox() {
        return Sandbox.of(sandbox.get());
    }

    /** A line for the user about an option that is taken and does not do what its name says. */
    Optional<String> advice() {
        int threads = threadPoolSize.get();
        return threads <= 1
                ? Optional.empty()
                : Optional.of("--thread-pool-size=" + threads + " changes nothing: each queue has one thread, so give"
                        + " --num-request-queues=" + threads + " to serve as many requests at a time");
    }

    private void refuse() {
        locks.check();
        tag.value().ifPresent(name -> {
            int bytes = name.getBytes(StandardCharsets.UTF_8).length;
            if (bytes < 1 || bytes > FsLayout.MAX_TAG) {
                throw new IllegalArgumentException(
                        "--tag has " + bytes + " bytes, give 1 to " + FsLayout.MAX_TAG + ": " + name);
            }
        });
        if (posixAcl.isGiven()
                && !(translateUid.values().isEmpty() && translateGid.values().isEmpty())) {
            throw new IllegalArgumentException(
                    "--translate-uid and --translate-gid do not change the ids in access control"
                            + " lists: leave them or --posix-acl out");
        }
        range("--num-request-queues", requestQueues.get(), 1, MAX_QUEUES);
        range("--thread-pool-size", threadPoolSize.get(), 0, MAX_THREADS);
        int size = queueSize.get();
        range("--queue-size", size, 2, 1024);
        if (Integer.bitCount(size) != 1) {
            throw new IllegalArgumentException("--queue-size=" + size + " is no power of two");
        }
    }

    private static void range(String option, int value, int low, int high) {
        if (value < low || value > high) {
            throw new IllegalArgumentException(option + " is " + value + ", not " + low + " to " + high);
        }
    }

    private CachePolicy policy() {
        for (CachePolicy one : CachePolicy.values()) {
            if (one.name().toLowerCase(Locale.ROOT).equals(cache.get())) {
                return one;
            }
        }
        throw new IllegalArgumentException("--cache is auto, always, never or metadata, not " + cache.get());
    }
}
