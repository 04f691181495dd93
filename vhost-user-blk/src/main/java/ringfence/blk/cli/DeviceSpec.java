package ringfence.blk.cli;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import ringfence.blk.engine.BlkOptions;
import ringfence.blk.engine.EngineChoice;

/**
 * One device, as the command line asks for it.
 *
 * @param image path of a raw file or block device
 * @param socketPath where to listen; empty if {@code socketFd} is given
 * @param socketFd a socket that we were started with
 * @param fence the lock file; empty: none
 * @param readOnly whether the image is opened for reading only
 * @param direct whether to go round the page cache
 * @param wholeLock whether the whole image is locked
 * @param queueCpus the host's CPUs of queues' threads, by queue; the others run anywhere
 * @param counters file to count in; empty: none
 * @param options what the driver sees
 */
record DeviceSpec(
        String image,
        Optional<String> socketPath,
        OptionalInt socketFd,
        Optional<String> fence,
        boolean readOnly,
        boolean direct,
        boolean wholeLock,
        Map<Integer, List<Integer>> queueCpus,
        Optional<Path> counters,
        BlkOptions options) {

    /** Most bytes of a Unix socket's path. */
    private static final int MAX_PATH = 107;

    DeviceSpec {
        if (socketPath.isPresent() == socketFd.isPresent()) {
            throw new IllegalArgumentException("name one socket: --socket-path or --fd");
        }
        socketPath.ifPresent(path -> {
            int length = path.getBytes(StandardCharsets.UTF_8).length;
            if (length > MAX_PATH) {
                throw new IllegalArgumentException(
                        "socket path is too long: " + length + " bytes, at most " + MAX_PATH + ": " + path);
            }
        });
        queueCpus = Map.copyOf(queueCpus);
        if (options.choice() == EngineChoice.URING && fence.isEmpty()) {
            throw new IllegalArgumentException(
                    "--io-engine=uring with --fd needs --fence: requests outlive the process");
        }
    }

    /** The fence that is used if none is named: beside the socket, so that a successor finds it. */
    static Optional<String> fence(Optional<String> named, Optional<String> socketPath) {
        return named.or(() -> socketPath.map(path -> path + ".fence"));
    }

    /** "full", or else "byte-range". */
    static boolean wholeLock(String name) {
        return switch (name) {
            case "full" -> true;
            case "byte-range" -> false;
            default -> throw new IllegalArgumentException("--lock-granularity is byte-range or full, not " + name);
        };
    }

    /** "auto", "uring" or "plain". */
    static EngineChoice engine(String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "auto" -> EngineChoice.AUTO;
            case "uring" -> EngineChoice.URING;
            case "plain" -> EngineChoice.PLAIN;
            default -> throw new IllegalArgumentException("--io-engine is auto, uring or plain, not " + name);
        };
    }
}
