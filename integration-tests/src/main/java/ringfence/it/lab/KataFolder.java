package ringfence.it.lab;

import java.nio.file.Path;
import java.util.List;

/** How Kata Containers' runtime starts the daemon of its shared folder. */
public final class KataFolder {
    /** Under this number the daemon has the socket at which it listens. */
    public static final int SOCKET = 3;

    private KataFolder() {}

    /** The options, in the runtime's order; {@link #SOCKET} is open. */
    public static List<String> options(Path shared) {
        return List.of(
                "--syslog",
                "--cache=auto",
                "--shared-dir=" + shared,
                "--fd=" + SOCKET,
                "--inode-file-handles=prefer",
                "--thread-pool-size=1",
                "--announce-submounts");
    }
}
