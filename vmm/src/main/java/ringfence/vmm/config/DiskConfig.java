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
 * A disk ({@code --disk}). It lives in a process of its own: one that we start for {@code path}, or one that somebody
 * else has started and that listens on {@code socket}.
 *
 * @param id unique; empty: {@link VmConfig} gives it one
 * @param backend who serves it
 * @param readonly whether the guest cannot write
 * @param direct whether the host's page cache is passed by (O_DIRECT)
 * @param numQueues request queues
 * @param queueSize entries of a queue
 * @param serial what the guest sees as its serial number
 * @param imageType the image's format; empty: raw
 * @param sparse whether discarded blocks are given back to the host
 * @param lock what of the image is locked
 * @param queueAffinity host CPUs of each queue's worker
 * @param plainCalls whether the daemon reads and writes by plain calls, without io_uring; else it does so where it has to
 * @param upkeep how it is kept served
 * @param place where it sits on PCI
 */
public record DiskConfig(
        String id,
        Backend backend,
        boolean readonly,
        boolean direct,
        int numQueues,
        int queueSize,
        Optional<String> serial,
        Optional<ImageType> imageType,
        boolean sparse,
        LockGranularity lock,
        List<Affinity> queueAffinity,
        boolean plainCalls,
        Upkeep upkeep,
        PciPlace place) {
    /** Who serves a disk. */
    public sealed interface Backend {
        /** Of what there is. */
        String path();

        /**
         * A daemon of ours, which the VMM starts.
         *
         * @param path image file or block device
         */
        record Image(String path) implements Backend {}

        /**
         * A daemon that somebody else has started, or will.
         *
         * @param path its Unix socket
         */
        record Socket(String path) implements Backend {}
    }

    /** The longest serial number, in bytes (virtio 1.3, 5.2.6.2). */
    public static final int MAX_SERIAL = 20;

    /** Formats of an image. */
    public enum ImageType implements OptionTypes.Choice {
        /** The bytes of the disk. */
        RAW,
        /** QEMU's. */
        QCOW2,
        /** Microsoft's, fixed. */
        VHD {
            @Override
            public String jsonName() {
                return "FixedVhd";
            }
        },
        /** Microsoft's newer one. */
        VHDX,
        /** As if it were not said. */
        UNKNOWN;
    }

    /** What of the image is locked. */
    public enum LockGranularity implements OptionTypes.Choice {
        /** The byte ranges that QEMU locks too. */
        BYTE_RANGE,
        /** The whole file. */
        FULL;
    }

    private static final OptionType<Optional<String>> TEXT = OptionTypes.optional(OptionTypes.text("text"));
    private static final OptionType<Optional<String>> FILE = OptionTypes.optional(OptionTypes.text("path"));

    private static final Option<DiskConfig, Optional<String>> ID =
            Option.of("id", TEXT, Optional.empty(), d -> given(d.id), "a unique name; made where none is given");
    private static final Option<DiskConfig, Optional<String>> PATH =
            Option.of("path", FILE, Optional.empty(), DiskConfig::image, "the image, a file or a block device");
    private static final Option<DiskConfig, Boolean> READ_ONLY =
            Option.of("readonly", OptionTypes.toggle(), false, DiskConfig::readonly, "the guest cannot write");
    private static final Option<DiskConfig, Boolean> DIRECT =
            Option.of("direct", OptionTypes.toggle(), false, DiskConfig::direct, "past the host's page cache");
    private static final Option<DiskConfig, Integer> QUEUES =
            Option.of("num_queues", OptionTypes.integer(1, 64), 1, DiskConfig::numQueues, "request queues");
    private static final Option<DiskConfig, Integer> QUEUE_SIZE =
            Option.of("queue_size", OptionTypes.integer(2, 32768), 128, DiskConfig::queueSize, "entries of a queue");
    private static final Option<DiskConfig, Boolean> VHOST_USER = Option.of(
            "vhost_user",
            OptionTypes.toggle(),
            false,
            d -> d.backend instanceof Backend.Socket,
            "a daemon that already runs serves it");
    private static final Option<DiskConfig, Optional<String>> SOCKET = Option.of(
            "socket", "vhost_socket", FILE, Optional.empty(), DiskConfig::socket, "where that daemon listens");
    private static final Option<DiskConfig, Optional<String>> SERIAL =
            Option.of("serial", TEXT, Optional.empty(), DiskConfig::serial, "its serial number, 20 bytes at most");
    private static final Option<DiskConfig, Optional<ImageType>> IMAGE_TYPE = Option.of(
            "image_type",
            OptionTypes.optional(OptionTypes.choice(ImageType.class)),
            Optional.empty(),
            DiskConfig::imageType,
            "the image's format; raw");
    private static final Option<DiskConfig, Boolean> SPARSE =
            Option.of("sparse", OptionTypes.toggle(), true, DiskConfig::sparse, "discarded blocks go to the host");
    private static final Option<DiskConfig, LockGranularity> LOCK = Option.of(
            "lock_granularity",
            OptionTypes.choice(LockGranularity.class),
            LockGranularity.BYTE_RANGE,
            DiskConfig::lock,
            "what of the image is locked");
    private static final Option<DiskConfig, List<Affinity>> QUEUE_AFFINITY = Option.of(
            "queue_affinity",
            Affinity.type("queue_index"),
            List.of(),
            DiskConfig::queueAffinity,
            "host CPUs of each queue's worker");
    private static final Option<DiskConfig, Integer> PCI_SEGMENT = PciPlace.segmentOption(DiskConfig::place);
    private static final Option<DiskConfig, Optional<Integer>> PCI_DEVICE = PciPlace.deviceOption(DiskConfig::place);

    private static final Option<DiskConfig, Optional<Upkeep.OnHang>> ON_HANG = Upkeep.onHangOption(DiskConfig::upkeep);
    private static final Option<DiskConfig, Optional<Boolean>> STANDBY = Upkeep.standbyOption(DiskConfig::upkeep);

    private static final Option<DiskConfig, Optional<Boolean>> NO_IO_URING = Option.of(
            "_disable_io_uring",
            "disable_io_uring",
            OptionTypes.optional(OptionTypes.toggle()),
            Optional.empty(),
            d -> d.plainCalls ? Optional.of(true) : Optional.empty(),
            "plain calls");
    private static final Option<DiskConfig, Optional<Boolean>> NO_AIO = Option.of(
            "_disable_aio",
            "disable_aio",
            OptionTypes.optional(OptionTypes.toggle()),
            Optional.empty(),
            d -> Optional.empty(),
            "no Linux AIO, which we never have");

    /** Flags, JSON and help. */
    public static final OptionTable<DiskConfig> TABLE = OptionTable.of(
                    "DiskConfig",
                    DiskConfig::of,
                    PATH,
                    READ_ONLY,
                    DIRECT,
                    QUEUES,
                    QUEUE_SIZE,
                    VHOST_USER,
                    SOCKET,
                    SERIAL,
                    ID,
                    IMAGE_TYPE,
                    SPARSE,
                    LOCK,
                    QUEUE_AFFINITY,
                    PCI_SEGMENT,
                    PCI_DEVICE,
                    ON_HANG,
                    STANDBY)
            .hidden(NO_IO_URING, NO_AIO)
            .unsupported(
                    "iommu",
                    "backing_files",
                    "rate_limit_group",
                    "/rate_limiter_config=0",
                    "bw_size/=0",
                    "bw_one_time_burst/=0",
                    "bw_refill_time/=0",
                    "ops_size/=0",
                    "ops_one_time_burst/=0",
                    "ops_refill_time/=0");

    private static DiskConfig of(OptionValues v) {
        Backend backend = backend(v);
        if (backend instanceof Backend.Socket && v.get(READ_ONLY)) {
            throw new OptionException(
                    "readonly: is the daemon's own with vhost_user=on, and would not be kept here: give"
                            + " it there, and leave it out here");
        }
        return new DiskConfig(
                v.get(ID).orElse(""),
                backend,
                v.get(READ_ONLY),
                v.get(DIRECT),
                v.get(QUEUES),
                v.get(QUEUE_SIZE),
                v.get(SERIAL),
                v.get(IMAGE_TYPE).filter(type -> type != ImageType.UNKNOWN),
                v.get(SPARSE),
                v.get(LOCK),
                v.get(QUEUE_AFFINITY),
                v.get(NO_IO_URING).orElse(false),
                Upkeep.of(v.get(ON_HANG), v.get(STANDBY), !v.get(VHOST_USER)),
                PciPlace.of(v.get(PCI_SEGMENT), v.get(PCI_DEVICE)));
    }

    private static Backend backend(OptionValues v) {
        Optional<String> path = v.get(PATH).filter(text -> !text.isEmpty());
        Optional<String> socket = v.get(SOCKET);
        if (v.get(VHOST_USER)) {
            if (path.isPresent()) {
                throw new OptionException("path: goes to the daemon, not here, with vhost_user=on: leave it out");
            }
            return new Backend.Socket(socket.orElseThrow(
                    () -> new OptionException("vhost_user=on lacks socket=<path>, where the daemon listens")));
        }
        if (socket.isPresent()) {
            throw new OptionException("socket: is given without vhost_user=on: add it");
        }
        return new Backend.Image(path.orElseThrow(
                () -> new OptionException("path: is missing: give path=<image>, or vhost_user=on,socket=<path>")));
    }

    private static Optional<String> given(String text) {
        return text.isEmpty() ? Optional.empty() : Optional.of(text);
    }

    private Optional<String> image() {
        return backend instanceof Backend.Image(String path) ? Optional.of(path) : Optional.empty();
    }

    private Optional<String> socket() {
        return backend instanceof Backend.Socket(String path) ? Optional.of(path) : Optional.empty();
    }

    /** The same under that name. */
    DiskConfig named(String name) {
        return new DiskConfig(
                name,
                backend,
                readonly,
                direct,
                numQueues,
                queueSize,
                serial,
                imageType,
                sparse,
                lock,
                queueAffinity,
                plainCalls,
                upkeep,
                place);
    }

    /** What is accepted, for the sake of tools that write it, but has no effect: a line each, without the flag. */
    public List<String> unheeded() {
        List<String> lines = new ArrayList<>();
        boolean theirs = backend instanceof Backend.Socket;
        String why = " has no effect with vhost_user=on: it is the daemon's own";
        unheeded(lines, theirs && direct, "direct=on" + why);
        unheeded(lines, theirs && serial.isPresent(), "serial" + why);
        unheeded(lines, theirs && imageType.isPresent(), "image_type" + why);
        unheeded(lines, theirs && plainCalls, "_disable_io_uring" + why);
        unheeded(lines, theirs && !queueAffinity.isEmpty(), "queue_affinity" + why);
        unheeded(lines, theirs && lock == LockGranularity.FULL, "lock_granularity=full" + why);
        unheeded(lines, theirs && !sparse, "sparse=off" + why);
        return lines;
    }

    private static void unheeded(List<String> lines, boolean given, String line) {
        if (given) {
            lines.add(line);
        }
    }

    /** What is wrong with it, beside its id. */
    List<Problem> problems(CpusConfig cpus) {
        List<Problem> problems = new ArrayList<>();
        if (Integer.bitCount(queueSize) != 1) {
            problems.add(new Problem("queue_size", queueSize + " is no power of two: give 128 or 256, for instance"));
        }
        if (numQueues > cpus.bootVcpus()) {
            problems.add(new Problem(
                    "num_queues",
                    numQueues + " are more than the " + cpus.bootVcpus() + " vCPUs at start: give at most that many"));
        }
        serial.ifPresent(text -> {
            int length = text.getBytes(StandardCharsets.UTF_8).length;
            if (length > MAX_SERIAL) {
                problems.add(new Problem("serial", length + " bytes, at most " + MAX_SERIAL + " are possible"));
            }
        });
        imageType.ifPresent(type -> {
            if (type != ImageType.RAW && backend instanceof Backend.Image) {
                problems.add(new Problem(
                        "image_type",
                        type.word() + " is not supported yet: convert the image with qemu-img convert -O raw"));
            }
        });
        if (!queueAffinity.isEmpty()) {
            Affinity.check(queueAffinity, "queue", numQueues, "queue_affinity", problems);
        }
        return problems;
    }
}
