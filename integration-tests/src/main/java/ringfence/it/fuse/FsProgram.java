package ringfence.it.fuse;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A daemon that can be started on a folder: ours, or a virtiofsd, of which there are two.
 *
 * @param label for reports
 * @param command its path and leading arguments
 * @param dialect how it takes options
 */
public record FsProgram(String label, List<String> command, Dialect dialect) {
    /** Ways to say the same. */
    public enum Dialect {
        /** {@code --shared-dir=}, {@code --cache=}: ours and virtiofsd from 1.0 on. */
        LONG,
        /** {@code -o source=}: virtiofsd of QEMU up to 7.2. */
        MINUS_O
    }

    /** Ours, from the built tree; empty if it is not built. */
    public static Optional<FsProgram> ours() {
        for (String root : List.of(".", "..")) {
            Path built = Path.of(root, "packaging/target/ringfence/bin/vhost-user-fs");
            if (Files.isExecutable(built)) {
                return Optional.of(
                        ours(List.of(built.toAbsolutePath().normalize().toString())));
            }
        }
        return Optional.empty();
    }

    /** Ours, started so. */
    public static FsProgram ours(List<String> command) {
        return new FsProgram("ringfence", command, Dialect.LONG);
    }

    /** This machine's virtiofsd, the newer one first. */
    public static Optional<FsProgram> virtiofsd() {
        Path rust = Path.of("/usr/libexec/virtiofsd");
        if (Files.isExecutable(rust)) {
            return Optional.of(new FsProgram("virtiofsd", List.of(rust.toString()), Dialect.LONG));
        }
        Path c = Path.of("/usr/lib/qemu/virtiofsd");
        return Files.isExecutable(c)
                ? Optional.of(new FsProgram("virtiofsd", List.of(c.toString()), Dialect.MINUS_O))
                : Optional.empty();
    }

    /** Whether it is ours. */
    public boolean isOurs() {
        return label.equals("ringfence");
    }

    /**
     * A command line.
     *
     * @param cache auto, always, never
     * @param options in our dialect, of those that both have, such as {@code --xattr}
     */
    public List<String> on(Path folder, Path socket, String cache, List<String> options) {
        List<String> line = new ArrayList<>(command);
        line.add("--socket-path=" + socket);
        if (dialect == Dialect.LONG) {
            line.addAll(List.of("--shared-dir=" + folder, "--cache=" + cache));
            line.addAll(options);
        } else {
            line.addAll(List.of("-o", "source=" + folder, "-o", "log_level=err"));
            line.addAll(List.of("-o", "cache=" + (cache.equals("never") ? "none" : cache)));
            for (String option : options) {
                line.addAll(List.of("-o", option.substring(2).replace('-', '_')));
            }
        }
        return line;
    }
}
