package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A folder beside the shared one, with canaries, and what it looked like. */
final class Outside {
    final Path folder;
    final Path canary;
    private final Map<String, String> before;

    Outside(Path top) throws IOException {
        folder = Files.createDirectory(top.resolve("outside"));
        canary = Files.writeString(folder.resolve("canary"), "a secret");
        Files.createDirectory(folder.resolve("sub"));
        Files.writeString(folder.resolve("sub/canary"), "a secret");
        before = look();
    }

    private Map<String, String> look() throws IOException {
        Map<String, String> all = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.toList()) {
                Map<String, Object> stat = new TreeMap<>(Files.readAttributes(
                        file, "unix:mode,uid,gid,size,nlink,ctime,ino", LinkOption.NOFOLLOW_LINKS));
                all.put(
                        folder.relativize(file).toString(),
                        stat + (Files.isRegularFile(file) ? Files.readString(file) : ""));
            }
        }
        return all;
    }

    /** Nothing there has changed, not even a time. */
    void isUntouched() throws IOException {
        assertThat(look()).isEqualTo(before);
    }
}
