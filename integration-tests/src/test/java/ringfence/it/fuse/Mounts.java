package ringfence.it.fuse;

import java.io.IOException;
import java.util.List;

/** A daemon in a mount namespace of its own, where something is mounted in its folder: nothing of it is seen outside. */
final class Mounts {
    /** Finds the folder in the daemon's command line, whichever daemon it is. */
    private static final String FOLDER = "for a; do case $a in --shared-dir=*) cd \"${a#*=}\" ;;"
            + " source=*) cd \"${a#*=}\" ;; esac; done; set -e; ";

    private Mounts() {}

    /** A command to go before a daemon's. @param script is run in the shared folder */
    static List<String> made(String script) {
        return List.of(
                "unshare", "--mount", "--propagation=private", "sh", "-c", FOLDER + script + "; exec \"$@\"", "sh");
    }

    /** Runs a script in the shared folder, as the daemon sees it. */
    static void change(Share share, String script) throws IOException, InterruptedException {
        String folder = share.folder.toString();
        Process process = new ProcessBuilder(
                        "nsenter",
                        "--mount=/proc/" + share.daemon.pid() + "/ns/mnt",
                        "sh",
                        "-c",
                        "cd \"$1\"; set -e; " + script,
                        "sh",
                        folder)
                .inheritIO()
                .start();
        if (process.waitFor() != 0) {
            throw new IOException("cannot be done: " + script);
        }
    }
}
