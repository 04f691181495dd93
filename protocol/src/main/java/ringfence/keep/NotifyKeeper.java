package ringfence.keep;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Syscall;

/**
 * A supervisor that listens at {@code $NOTIFY_SOCKET} in the manner of sd_notify(3): systemd, for a unit with
 * {@code FileDescriptorStoreMax=}, or the VMM that has started this daemon.
 *
 * <p>A message is one datagram: {@code FDSTORE=1}, {@code FDNAME=name}, and the descriptor with it. It is in the supervisor's
 * socket when the call returns, and there is no answer. {@code FDPOLL=0} goes along: systemd would else wait for events of
 * the file, and refuses one opened with O_PATH, of which there are none.
 *
 * <p>The socket is connected once, before the daemon confines itself, and again when the supervisor has made a new one.
 * Sending waits for a supervisor with a full socket, a second at most. Owns the socket.
 */
public final class NotifyKeeper implements Keeper, AutoCloseable {
    private static final String VARIABLE = "NOTIFY_SOCKET";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,255}");
    private static final long PATIENCE_MILLIS = 1000;

    private final Linux linux;
    private final String address;
    private Fd socket;

    /**
     * Connects.
     *
     * @param address a path, or {@code @} and an abstract name
     * @throws IllegalArgumentException if it is no address
     * @throws ErrnoException ENOENT, ECONNREFUSED: nobody listens there; EACCES, EPROTOTYPE
     */
    NotifyKeeper(Linux linux, String address) {
        this.linux = linux;
        this.address = address;
        socket = connect();
    }

    /**
     * The keeper that the environment names; {@link NoKeeper} if it names none, or one that cannot be reached: such a
     * daemon serves, but leaves nothing to a successor.
     *
     * @param complain is told in one line that it cannot be reached
     */
    public static Keeper from(Linux linux, Map<String, String> environment, Consumer<String> complain) {
        String address = environment.getOrDefault(VARIABLE, "");
        if (address.isEmpty()) {
            return new NoKeeper();
        }
        try {
            return new NotifyKeeper(linux, address);
        } catch (ErrnoException | IllegalArgumentException e) {
            complain.accept("$" + VARIABLE + ": " + e.getMessage()
                    + "; nothing is kept for a successor (unset it, or start who listens there)");
            return new NoKeeper();
        }
    }

    private Fd connect() {
        Fd connected = linux.datagrams().connect(address);
        linux.sockets().timeout(connected, 0, PATIENCE_MILLIS);
        return connected;
    }

    @Override
    public void keep(String name, Fd fd) {
        long result = send("FDSTORE=1\nFDNAME=" + checked(name) + "\nFDPOLL=0", fd);
        if (result < 0) {
            throw new ErrnoException(Syscall.SENDMSG, Errno.of(-result), name + " to " + address);
        }
    }

    @Override
    public void drop(String name) {
        send("FDSTOREREMOVE=1\nFDNAME=" + checked(name));
    }

    @Override
    public void ready(String status) {
        send("READY=1\nSTATUS=" + status.replace('\n', ' '));
    }

    @Override
    public void alive() {
        send("WATCHDOG=1");
    }

    private static String checked(String name) {
        if (!NAME.matcher(name).matches()) {
            throw new IllegalArgumentException("a descriptor cannot be kept under this name: " + name);
        }
        return name;
    }

    /** One datagram; bytes, or minus the errno. */
    private synchronized long send(String text, Fd... fds) {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocateFrom(ValueLayout.JAVA_BYTE, utf8);
            long result = linux.sockets().send(socket, bytes, fds);
            if (result == -Errno.ECONNREFUSED.number() || result == -Errno.ENOTCONN.number()) {
                Fd old = socket;
                socket = connect();
                old.close();
                result = linux.sockets().send(socket, bytes, fds);
            }
            return result;
        } catch (ErrnoException e) {
            return -e.errno().number();
        }
    }

    @Override
    public synchronized void close() {
        socket.close();
    }
}
