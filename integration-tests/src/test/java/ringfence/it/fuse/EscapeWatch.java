package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/**
 * Sees, through strace(1), every call of a program's that names a file, with the path of each descriptor in it: opening
 * with O_PATH, of which neither inotify nor fanotify would tell, too.
 */
final class EscapeWatch {
    /** What the names of the logs begin with. */
    private final Path log;

    EscapeWatch(Path log) {
        this.log = log;
    }

    /** What is put before the program's command line. */
    List<String> command() {
        return List.of(
                "strace",
                "-ff", // a log for each thread: in one for all, a call that another one's falls into is two lines
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
        try (Stream<Path> files = Files.list(log.getParent())) {
            List<Path> logs = files.filter(file -> file.getFileName().toString().startsWith(log.getFileName() + "."))
                    .toList();
            assertThat(logs).as("strace has seen something").isNotEmpty();
            return logs.stream()
                    .flatMap(EscapeWatch::calls)
                    .filter(call -> call.contains(below) || call.contains(itself))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Stream<String> calls(Path log) {
        try {
            return Files.readAllLines(log, StandardCharsets.ISO_8859_1).stream();
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
