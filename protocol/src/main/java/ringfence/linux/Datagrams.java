package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Unix datagram sockets with descriptors and the kernel's word for who sends: what sd_notify(3) goes over. A message is
 * sent with {@link Sockets#send} over a socket of {@link #connect}. Every socket is close-on-exec and belongs to the
 * caller. Any thread may use it.
 */
public final class Datagrams {
    private static final int AF_UNIX = 1;
    private static final int SOCK_DGRAM = 2;
    private static final int SOCK_NONBLOCK = 0x800;
    private static final int SOCK_CLOEXEC = 0x80000;
    private static final int MSG_DONTWAIT = 0x40;
    private static final int MSG_CMSG_CLOEXEC = 0x40000000;
    private static final int SOL_SOCKET = 1;
    private static final int SO_PASSCRED = 16;

    private final Kernel kernel;
    private final ThreadLocal<SocketMessage> message = ThreadLocal.withInitial(SocketMessage::new);

    Datagrams(Kernel kernel) {
        this.kernel = kernel;
    }

    /**
     * A non-blocking socket at a path, which must not exist. What comes there tells its sender.
     *
     * @throws IllegalArgumentException if the path is longer than {@value Sockets#MAX_PATH} bytes
     * @throws ErrnoException EADDRINUSE if the path exists; ENOENT, EACCES for its directory
     */
    public Fd bind(String path) {
        Fd socket = socket(SOCK_NONBLOCK);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment on = arena.allocateFrom(ValueLayout.JAVA_INT, 1);
            Call.check(
                    kernel.call(Syscall.SETSOCKOPT, socket.number(), SOL_SOCKET, SO_PASSCRED, on.address(), 4, 0),
                    Syscall.SETSOCKOPT,
                    "SO_PASSCRED");
            at(Syscall.BIND, socket, path, arena);
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    /**
     * A blocking socket connected to an address.
     *
     * @param address a path, or {@code @} and an abstract name, as {@code $NOTIFY_SOCKET} has it; 1 to
     *     {@value Sockets#MAX_PATH} bytes
     * @throws IllegalArgumentException if it is longer
     * @throws ErrnoException ENOENT, ECONNREFUSED: nobody is there
     */
    public Fd connect(String address) {
        Fd socket = socket(0);
        try (Arena arena = Arena.ofConfined()) {
            at(Syscall.CONNECT, socket, address, arena);
            return socket;
        } catch (RuntimeException e) {
            socket.close();
            throw e;
        }
    }

    private Fd socket(int flags) {
        long result = kernel.call(Syscall.SOCKET, AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | flags, 0, 0, 0, 0);
        return Fd.own(kernel, (int) Call.check(result, Syscall.SOCKET, "AF_UNIX"));
    }

    private void at(Syscall call, Fd socket, String address, Arena arena) {
        byte[] name = address.getBytes(StandardCharsets.UTF_8);
        if (name.length == 0 || name.length > Sockets.MAX_PATH) {
            throw new IllegalArgumentException("socket address of " + name.length + " bytes, 1 to " + Sockets.MAX_PATH
                    + " are possible, choose a shorter one: " + address);
        }
        boolean isAbstract = name[0] == '@';
        if (isAbstract) {
            name[0] = 0;
        }
        MemorySegment sockaddr = arena.allocate(SocketLayout.SOCKADDR_UN_SIZE, 2);
        sockaddr.set(ValueLayout.JAVA_SHORT, SocketLayout.SUN_FAMILY, (short) AF_UNIX);
        MemorySegment.copy(MemorySegment.ofArray(name), 0, sockaddr, SocketLayout.SUN_PATH, name.length);
        long length = SocketLayout.SUN_PATH + name.length + (isAbstract ? 0 : 1);
        Call.check(
                Call.keeping(sockaddr, kernel.call(call, socket.number(), sockaddr.address(), length, 0, 0, 0)),
                call,
                address);
    }

    /**
     * Takes the next message.
     *
     * @param into native memory; what is longer is cut
     * @return with minus EAGAIN if none waits
     */
    public Datagram tryReceive(Fd socket, MemorySegment into) {
        SocketMessage structures = message.get();
        long result;
        do {
            long header = structures.receiving(into);
            result = Call.keeping(
                    into,
                    kernel.call(Syscall.RECVMSG, socket.number(), header, MSG_CMSG_CLOEXEC | MSG_DONTWAIT, 0, 0, 0));
        } while (result == -Errno.EINTR.number());
        if (result < 0) {
            return new Datagram(result, 0, List.of(), false);
        }
        List<Fd> fds = structures.received(kernel);
        if (structures.truncated() || structures.cut()) {
            fds.forEach(Fd::close);
            return new Datagram(result, structures.sender(), List.of(), true);
        }
        return new Datagram(result, structures.sender(), fds, false);
    }
}
