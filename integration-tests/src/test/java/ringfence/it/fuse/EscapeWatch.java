package ringfence.it.fuse;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Sees, through strace(1), every call of a program's that names a file, with the path of each descriptor in it: opening
 * with O_PATH, of which neither inotify nor fanotify would tell, too.
 */
final class EscapeWatch {
    private final Path log;

    EscapeWatch(Path log) {
        this.log = log;
    }

    /** What is put before the program's command line. */
    List<String> command() {
        return List.of(
                "strace",
                "-f",
                "--seccomp-bpf",
                "-qq",
                "-y",
                "-e",
                "trace=open,openat,openat2,open_by_handle_at,mkdirat,mknodat,symlinkat,linkat,unlinkat,renameat,renameat2",
                "-o",
                log.toString());
    }

    /** Calls with a descriptor below this folder, or of it. */
    List<String> touching(Path folder) {
        String below = "<" + folder + "/";
        String itself = "<" + folder + ">";
        try (var lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
            return lines.filter(line -> line.contains(below) || line.contains(itself))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Calls that have opened a file of this name for more than its path. */
    List<String> opened(Path file) {
        return touching(file).stream()
                .filter(line -> line.contains("= ")
                        && line.substring(line.lastIndexOf("= ")).contains("<" + file))
                .filter(line -> !line.contains("O_PATH"))
                .toList();
    }
}
