package ringfence.vmm.config;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import ringfence.option.Option;
import ringfence.option.OptionException;
import ringfence.option.OptionTable;
import ringfence.option.OptionType;
import ringfence.option.OptionTypes;
import ringfence.option.OptionValues;

/**
 * A shared folder ({@code --fs}), a virtio file system. It is served by a process of its own: one that we start for {@code
 * path}, or one that somebody else has started and that listens on {@code socket}.
 *
 * @param id unique; empty: {@link VmConfig} gives it one
 * @param tag the name by which the guest mounts it, 1 to {@value #MAX_TAG} bytes of UTF-8; unique
 * @param backend who serves it
 * @param numQueues request queues
 * @param queueSize entries of a queue
 * @param upkeep how it is kept served
 * @param place where it sits on PCI
 */
public record FsConfig(
        String id, String tag, FsBackend backend, int numQueues, int queueSize, Upkeep upkeep, PciPlace place) {
    /** The longest tag, in bytes (virtio 1.3, 5.11.4). */
    public static final int MAX_TAG = 36;

    private static final OptionType<Optional<String>> TEXT = OptionTypes.optional(OptionTypes.text("text"));
    private static final OptionType<Optional<String>> PATH_TYPE = OptionTypes.optional(OptionTypes.text("path"));
    private static final OptionType<Optional<Boolean>> TOGGLE = OptionTypes.optional(OptionTypes.toggle());

    private static final Option<FsConfig, Optional<String>> TAG = Option.of(
            "tag",
            OptionTypes.optional(OptionTypes.text("name")),
            Optional.empty(),
            f -> Optional.of(f.tag),
            "the name by which the guest mounts it, 36 bytes at most");
    private static final Option<FsConfig, Optional<String>> SOCKET = Option.of(
            "socket",
            PATH_TYPE,
            Optional.empty(),
            f -> Optional.of(f.socket()), // Cloud Hypervisor's clients rely on it: empty where there is none
            "where somebody else's daemon listens, such as virtiofsd");
    private static final Option<FsConfig, Integer> QUEUES =
            Option.of("num_queues", OptionTypes.integer(1, 64), 1, FsConfig::numQueues, "request queues");
    private static final Option<FsConfig, Integer> QUEUE_SIZE =
            Option.of("queue_size", OptionTypes.integer(2, 32768), 1024, FsConfig::queueSize, "entries of a queue");
    private static final Option<FsConfig, Optional<String>> ID =
            Option.of("id", TEXT, Optional.empty(), f -> given(f.id), "a unique name; made where none is given");
    private static final Option<FsConfig, Integer> PCI_SEGMENT = PciPlace.segmentOption(FsConfig::place);
    private static final Option<FsConfig, Optional<Integer>> PCI_DEVICE = PciPlace.deviceOption(FsConfig::place);
    private static final Option<FsConfig, Optional<String>> PATH = Option.of(
            "path",
            PATH_TYPE,
            Optional.empty(),
            f -> f.folder().map(FsBackend.Folder::path),
            "the folder, which a daemon of ours then serves");
    private static final Option<FsConfig, Optional<Boolean>> READ_ONLY = Option.of(
            "readonly",
            TOGGLE,
            Optional.empty(),
            f -> f.folder().map(FsBackend.Folder::readonly),
            "with path=: the guest cannot write (off)");
    private static final Option<FsConfig, Optional<FsBackend.Cache>> CACHE = Option.of(
            "cache",
            OptionTypes.optional(OptionTypes.choice(FsBackend.Cache.class)),
            Optional.empty(),
            f -> f.folder().map(FsBackend.Folder::cache),
            "with path=: how long the guest may go by what it has read (auto)");

    private static final Option<FsConfig, Optional<Boolean>> XATTR = Option.of(
            "xattr",
            TOGGLE,
            Optional.empty(),
            f -> f.folder().map(FsBackend.Folder::xattr),
            "with path=: extended attributes (off)");
    private static final Option<FsConfig, Optional<Boolean>> ACL = Option.of(
            "posix_acl",
            TOGGLE,
            Optional.empty(),
            f -> f.folder().map(FsBackend.Folder::acl),
            "with path=: access control lists, with their attributes (off)");

    private static final Option<FsConfig, Optional<Boolean>> LOCKS = Option.of(
            "locks",
            TOGGLE,
            Optional.empty(),
            f -> f.folder().map(FsBackend.Folder::locks),
            "with path=: locks are the host's, and others that share the folder see them (off)");

    private static final Option<FsConfig, Optional<Upkeep.OnHang>> ON_HANG = Upkeep.onHangOption(FsConfig::upkeep);
    private static final Option<FsConfig, Optional<Boolean>> STANDBY = Upkeep.standbyOption(FsConfig::upkeep);

    /** Flags, JSON and help. */
    public static final OptionTable<FsConfig> TABLE = OptionTable.of(
                    "FsConfig",
                    FsConfig::of,
                    TAG,
                    SOCKET,
                    QUEUES,
                    QUEUE_SIZE,
                    ID,
                    PCI_SEGMENT,
                    PCI_DEVICE,
                    PATH,
                    READ_ONLY,
                    CACHE,
                    XATTR,
                    ACL,
                    LOCKS,
                    ON_HANG,
                    STANDBY)
            .required("tag")
            .unsupported("iommu");

    private static FsConfig of(OptionValues v) {
        FsBackend backend = backend(v);
        return new FsConfig(
                v.get(ID).orElse(""),
                v.get(TAG)
                        .filter(tag -> !tag.isEmpty())
                        .orElseThrow(() ->
                                new OptionException("tag: is empty: give tag=<name>, by which the guest mounts it")),
                backend,
                v.get(QUEUES),
                v.get(QUEUE_SIZE),
                Upkeep.of(v.get(ON_HANG), v.get(STANDBY), backend instanceof FsBackend.Folder),
                PciPlace.of(v.get(PCI_SEGMENT), v.get(PCI_DEVICE)));
    }

    private static FsBackend backend(OptionValues v) {
        Optional<String> path = v.get(PATH);
        Optional<String> socket = v.get(SOCKET).filter(text -> !text.isEmpty());
        if (path.isPresent() && socket.isPresent()) {
            throw new OptionException("path: goes to the daemon, not here, with socket=: leave one of the two out");
        }
        if (socket.isPresent()) {
            refuse(READ_ONLY, v);
            refuse(CACHE, v);
            refuse(XATTR, v);
            refuse(ACL, v);
            refuse(LOCKS, v);
            return new FsBackend.Socket(socket.get());
        }
        return new FsBackend.Folder(
                path.orElseThrow(() -> new OptionException(
                        "path: is missing: give path=<folder>, or socket=<path> where a daemon listens")),
                v.get(READ_ONLY).orElse(false),
                v.get(CACHE).orElse(FsBackend.Cache.AUTO),
                v.get(XATTR).orElse(false),
                v.get(ACL).orElse(false),
                v.get(LOCKS).orElse(false));
    }

    private static void refuse(Option<FsConfig, ? extends Optional<?>> option, OptionValues v) {
        if (v.get(option).isPresent()) {
            throw new OptionException(
                    option.key() + ": is the daemon's own with socket=: give it there, and leave it out here");
        }
    }

    private static Optional<String> given(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    private String socket() {
        return backend instanceof FsBackend.Socket(String path) ? path : "";
    }

    private Optional<FsBackend.Folder> folder() {
        return backend instanceof FsBackend.Folder folder ? Optional.of(folder) : Optional.empty();
    }

    /** The same under that name. */
    FsConfig named(String name) {
        return new FsConfig(name, tag, backend, numQueues, queueSize, upkeep, place);
    }

    /** What is wrong with it, beside what it shares with others. */
    List<Problem> problems(CpusConfig cpus) {
        List<Problem> problems = new ArrayList<>();
        int length = tag.getBytes(StandardCharsets.UTF_8).length;
        if (length > MAX_TAG) {
            problems.add(new Problem("tag", length + " bytes, at most " + MAX_TAG + " are possible"));
        } else if (tag.chars().anyMatch(Character::isISOControl)) {
            problems.add(new Problem("tag", "holds a control character: give one that can be typed"));
        }
        if (Integer.bitCount(queueSize) != 1) {
            problems.add(new Problem("queue_size", queueSize + " is no power of two: give 1024, for instance"));
        }
        if (folder().isPresent() && queueSize > FsBackend.Folder.QUEUE_SIZE) {
            problems.add(new Problem(
                    "queue_size",
                    queueSize + " with path=, which has at most " + FsBackend.Folder.QUEUE_SIZE + ": give that"));
        }
        if (numQueues > cpus.bootVcpus()) {
            problems.add(new Problem(
                    "num_queues",
                    numQueues + " are more than the " + cpus.bootVcpus() + " vCPUs at start: give at most that many"));
        }
        return problems;
    }
}
