package ringfence.it.fuse;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
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

    /** A mount namespace of several daemons, one after the other: where something is mounted in their folder, until it is closed. */
    record Shared(Process holder) implements AutoCloseable {
        /** @param script is run in the folder */
        static Shared make(Path folder, String script) throws IOException {
            Process holder = new ProcessBuilder(
                            "unshare",
                            "--mount",
                            "--propagation=private",
                            "sh",
                            "-c",
                            "cd \"$0\"; set -e; " + script + "; echo made; read end",
                            folder.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            if (!"made".equals(holder.inputReader().readLine())) {
                throw new IOException("cannot be done: " + script);
            }
            return new Shared(holder);
        }

        /** Our daemon in there. */
        FsProgram program() {
            List<String> command =
                    new ArrayList<>(List.of("/usr/bin/nsenter", "--mount=/proc/" + holder.pid() + "/ns/mnt"));
            command.addAll(FsProgram.ours().orElseThrow().command());
            return FsProgram.ours(command);
        }

        @Override
        public void close() {
            holder.destroy();
        }
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
