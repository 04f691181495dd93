package ringfence.net.cli;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.List;
import java.util.function.Consumer;
import ringfence.net.engine.DeviceLimits;
import ringfence.net.engine.Limits;
import ringfence.option.OptionException;

/**
 * Limits that stand in a file, and are read again whenever that changes: a line {@code rx=…} for the way to the guests, a
 * line {@code tx=…} for the way from them; a direction without a line has no limit. Lines that begin with # do not count.
 *
 * <p>A thread sleeps until the kernel says that something in the file's folder has changed (inotify).
 */
final class LimitsFile implements AutoCloseable {
    private static final String OPTION = "--limits";
    private static final int MAX_BYTES = 1 << 16;

    private final Path file;
    private final List<DeviceLimits> devices;
    private final Consumer<String> log;
    private final WatchService watch;
    private Settings current;

    /** Of both directions. */
    private record Settings(Limits rx, Limits tx) {}

    private LimitsFile(
            Path file, List<DeviceLimits> devices, Consumer<String> log, WatchService watch, Settings first) {
        this.file = file;
        this.devices = devices;
        this.log = log;
        this.watch = watch;
        current = first;
    }

    /**
     * Reads the file and watches it. Each device gets its limits.
     *
     * @param log takes a line when they have changed, and one when the file cannot be used; the limits stay then
     * @throws IllegalArgumentException with one line for the user
     */
    static LimitsFile open(Path name, List<DeviceLimits> devices, Consumer<String> log) {
        Path file = name.toAbsolutePath();
        Settings first = read(file);
        try {
            WatchService watch = FileSystems.getDefault().newWatchService();
            file.getParent()
                    .register(
                            watch,
                            StandardWatchEventKinds.ENTRY_CREATE,
                            StandardWatchEventKinds.ENTRY_MODIFY,
                            StandardWatchEventKinds.ENTRY_DELETE);
            LimitsFile limits = new LimitsFile(file, devices, log, watch, first);
            limits.apply(first);
            Thread.ofPlatform().name("limits").daemon().start(limits::follow);
            return limits;
        } catch (IOException e) {
            throw new IllegalArgumentException(
                    OPTION + "=" + name + ": cannot be watched (" + e.getMessage() + "), leave the option out", e);
        }
    }

    private static Settings read(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new IllegalArgumentException(
                        OPTION + "=" + file + ": more than 64 KiB, name a file of two lines");
            }
            return parse(Files.readAllLines(file));
        } catch (IOException e) {
            throw new IllegalArgumentException(OPTION + "=" + file + ": cannot be read, check the path", e);
        } catch (OptionException e) {
            throw new IllegalArgumentException(OPTION + "=" + file + ": " + e.getMessage(), e);
        }
    }

    private static Settings parse(List<String> lines) {
        Limits rx = Limits.NONE;
        Limits tx = Limits.NONE;
        for (String line : lines) {
            String text = line.strip();
            if (text.startsWith("rx=")) {
                rx = Limits.parse(text.substring(3));
            } else if (text.startsWith("tx=")) {
                tx = Limits.parse(text.substring(3));
            } else if (!text.isEmpty() && !text.startsWith("#")) {
                throw new OptionException("a line is neither rx=... nor tx=...: correct '" + shown(text) + "'");
            }
        }
        return new Settings(rx, tx);
    }

    private static String shown(String text) {
        return text.substring(0, Math.min(text.length(), 40)).replaceAll("[^ -~]", "?");
    }

    private void follow() {
        try {
            while (true) {
                WatchKey key = watch.take();
                boolean ours = key.pollEvents().stream()
                        .anyMatch(event -> event.kind().equals(StandardWatchEventKinds.OVERFLOW)
                                || file.getFileName().equals(event.context()));
                if (!key.reset()) {
                    log.accept(OPTION + "=" + file + ": its folder is gone, the limits stay");
                    return;
                }
                if (ours) {
                    again();
                }
            }
        } catch (ClosedWatchServiceException | InterruptedException _) {
            // the end
        }
    }

    private void again() {
        try {
            Settings next = read(file);
            if (!next.equals(current)) {
                current = next;
                apply(next);
                log.accept("limits: as " + file + " says now");
            }
        } catch (IllegalArgumentException e) {
            log.accept(e.getMessage() + "; the limits stay");
        }
    }

    private void apply(Settings settings) {
        for (DeviceLimits device : devices) {
            device.toGuest().set(settings.rx());
            device.fromGuest().set(settings.tx());
        }
    }

    @Override
    public void close() {
        try {
            watch.close();
        } catch (IOException e) {
            log.accept(e.toString());
        }
    }
}
