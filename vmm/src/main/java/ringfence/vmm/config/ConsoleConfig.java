package ringfence.vmm.config;

import java.util.Optional;

/**
 * A serial port or a virtio console.
 *
 * @param mode where it leads
 * @param file path for {@link ConsoleMode#FILE}
 * @param socket path for {@link ConsoleMode#SOCKET}
 */
public record ConsoleConfig(ConsoleMode mode, Optional<String> file, Optional<String> socket) {
    /** One that needs no path. */
    public static ConsoleConfig of(ConsoleMode mode) {
        return new ConsoleConfig(mode, Optional.empty(), Optional.empty());
    }
}
