package ringfence.it.fuse;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import ringfence.linux.Linux;

/** A folder, its daemon and a session on it. What is beside the folder may not be reached. */
final class Share implements AutoCloseable {
    /** On tmpfs, or tests would measure a disk. */
    private static final Path PLACE = Path.of("/dev/shm");

    private final Path top;
    final Path folder;
    final FsDaemon daemon;
    final FuseSession fuse;

    private Share(Path top, Path folder, FsDaemon daemon, FuseSession fuse) {
        this.top = top;
        this.folder = folder;
        this.daemon = daemon;
        this.fuse = fuse;
    }

    static Share of(FsProgram program, String... options) throws IOException, InterruptedException {
        return behind(List.of(), program, options);
    }

    /** With a command before the daemon's, such as prlimit(1). */
    static Share behind(List<String> before, FsProgram program, String... options)
            throws IOException, InterruptedException {
        return start(before, program, "auto", options);
    }

    /** With another policy than auto. */
    static Share cached(FsProgram program, String cache, String... options) throws IOException, InterruptedException {
        return start(List.of(), program, cache, options);
    }

    /** With a guest that has these flags from the beginning: virtiofsd ends one that lacks what an option takes. */
    static Share knowing(int flags, FsProgram program, String... options) throws IOException, InterruptedException {
        Path top = Files.createTempDirectory(PLACE, "ringfence-share");
        Path folder = Files.createDirectory(top.resolve("root"));
        FsDaemon daemon = FsDaemon.start(program, folder, options);
        FuseGuest guest = new FuseGuest(Linux.system(), FuseShape.one());
        guest.connect(daemon.socket().toString());
        FuseSession fuse = new FuseSession(guest);
        fuse.init(Init.MINOR, flags, 0);
        return new Share(top, folder, daemon, fuse);
    }

    private static Share start(List<String> before, FsProgram program, String cache, String... options)
            throws IOException, InterruptedException {
        Path top = Files.createTempDirectory(PLACE, "ringfence-share");
        Path folder = Files.createDirectory(top.resolve("root"));
        FsDaemon daemon = FsDaemon.start(before, program, folder, cache, List.of(options));
        return new Share(top, folder, daemon, FuseSession.open(Linux.system(), daemon.socket()));
    }

    /** With a daemon of ours that a user runs, whose the folder is. @param user a command that becomes that user */
    static Share by(int id, List<String> user, String... options) throws IOException, InterruptedException {
        FsProgram program = FsProgram.ours().orElseThrow();
        Path top = Files.createTempDirectory(PLACE, "ringfence-share");
        Path folder = Files.createDirectory(top.resolve("root"));
        Path run = Files.createDirectory(top.resolve("run"));
        for (Path path : List.of(top, folder, run)) {
            Files.setAttribute(path, "unix:uid", id, LinkOption.NOFOLLOW_LINKS);
            Files.setAttribute(path, "unix:gid", id, LinkOption.NOFOLLOW_LINKS);
        }
        List<String> command = new ArrayList<>(user);
        command.addAll(program.on(folder, run.resolve("s"), "auto", List.of(options)));
        FsDaemon daemon = FsDaemon.run(command, run.resolve("s"), true);
        return new Share(top, folder, daemon, FuseSession.open(Linux.system(), daemon.socket()));
    }

    /** Begins anew, as a guest that knows these flags. */
    Init negotiate(long flags) {
        fuse.destroy();
        return fuse.init(Init.MINOR, (int) flags, (int) (flags >>> 32));
    }

    /** What the host says of a file in the folder: {@code unix:uid}, {@code unix:mode} and the like. */
    int host(String name, String attribute) throws IOException {
        return (int) Files.getAttribute(folder.resolve(name), "unix:" + attribute, LinkOption.NOFOLLOW_LINKS);
    }

    /** Beside the shared folder. */
    Path outside() {
        return top;
    }

    @Override
    public void close() throws IOException {
        fuse.close();
        daemon.close();
        try (Stream<Path> files = Files.walk(top)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }
}
