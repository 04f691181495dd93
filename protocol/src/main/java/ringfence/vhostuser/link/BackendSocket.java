package ringfence.vhostuser.link;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;
import ringfence.linux.Sockets;

/**
 * The socket of a daemon, as its command line names it: {@code --socket-path} or {@code --fd}, by the conventions of
 * QEMU's docs/interop/vhost-user.rst.
 *
 * @param path where to listen; empty if {@code fd} is given
 * @param fd a socket that we were started with
 */
public record BackendSocket(Optional<String> path, OptionalInt fd) {
    private static final int BACKLOG = 64;
    private static final int NOT_OTHERS = 0077;

    /** @throws IllegalArgumentException with one line for the user */
    public BackendSocket {
        if (path.isPresent() == fd.isPresent()) {
            throw new IllegalArgumentException("name one socket: --socket-path or --fd");
        }
        path.ifPresent(name -> {
            int length = name.getBytes(StandardCharsets.UTF_8).length;
            if (length > Sockets.MAX_PATH) {
                throw new IllegalArgumentException(
                        "socket path is too long: " + length + " bytes, at most " + Sockets.MAX_PATH + ": " + name);
            }
        });
    }

    /**
     * Serves a device there. A socket that nobody listens on, such as a killed daemon leaves, is replaced.
     *
     * @throws IllegalArgumentException with one line for the user
     */
    public Backend serve(Linux linux, BackendDevice device, BackendOptions options) {
        if (fd.isPresent()) {
            return Backend.listen(linux, given(linux, fd.getAsInt()), device, options);
        }
        return replacing(linux, name -> Backend.listen(linux, name, device, options));
    }

    /**
     * A listening socket, which the caller owns: one made at the path, or the descriptor. A socket that nobody listens on
     * is replaced.
     *
     * @throws IllegalArgumentException with one line for the user
     */
    public Fd listener(Linux linux) {
        if (fd.isEmpty()) {
            return replacing(linux, name -> bind(linux, name, BACKLOG));
        }
        Fd given = given(linux, fd.getAsInt());
        if (!linux.sockets().isListener(given)) {
            given.close();
            throw new IllegalArgumentException("--fd=" + fd.getAsInt() + " is no Unix socket that listens");
        }
        linux.files().nonBlocking(given, true);
        return given;
    }

    /** Listens at a path, which must not exist; only our own user may connect. */
    static Fd bind(Linux linux, String path, int backlog) {
        int mask = linux.files().umask(NOT_OTHERS);
        try {
            return linux.sockets().listen(path, backlog);
        } finally {
            linux.files().umask(mask);
        }
    }

    private <T> T replacing(Linux linux, Function<String, T> use) {
        String name = path.orElseThrow();
        try {
            return use.apply(name);
        } catch (ErrnoException e) {
            if (e.errno() != Errno.EADDRINUSE) {
                throw unusable(name, e);
            }
        }
        removeStale(linux, name);
        try {
            return use.apply(name);
        } catch (ErrnoException e) { // somebody else was faster
            throw unusable(name, e);
        }
    }

    private static IllegalArgumentException unusable(String name, ErrnoException e) {
        return new IllegalArgumentException("socket " + name + ": " + e.errno().text(), e);
    }

    private static Fd given(Linux linux, int number) {
        try {
            return linux.files().duplicate(number);
        } catch (ErrnoException e) {
            throw new IllegalArgumentException("--fd=" + number + " is no open descriptor", e);
        }
    }

    /** Of a link, what it leads to is somebody else's. */
    private static void requireSocket(Linux linux, String name) {
        try (Fd there = linux.files().open(name, OpenFlag.PATH, OpenFlag.NOFOLLOW)) {
            if (!linux.files().stat(there).isSocket()) {
                throw new IllegalArgumentException(
                        "socket " + name + ": something that is no socket is there: remove it, or choose another path");
            }
        }
    }

    private static void removeStale(Linux linux, String name) {
        try {
            requireSocket(linux, name);
            try (Fd connected = linux.sockets().connect(name)) {
                throw new IllegalArgumentException("socket " + name + " is in use (" + connected + " connects)");
            }
        } catch (ErrnoException e) {
            switch (e.errno()) {
                case ECONNREFUSED -> linux.files().unlink(name);
                case ENOENT -> {}
                default -> throw unusable(name, e);
            }
        }
    }
}
