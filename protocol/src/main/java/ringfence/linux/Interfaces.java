package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Network interfaces of this process's network namespace, by name: 1 to 15 bytes. */
public final class Interfaces {
    /** Most bytes of an interface's name. */
    public static final int MAX_NAME = TapLayout.IFNAMSIZ - 1;

    private static final int AF_UNIX = 1;
    private static final int AF_INET = 2;
    private static final int AF_INET6 = 10;
    private static final int SOCK_DGRAM_CLOEXEC = 2 | 0x80000;

    private final Kernel kernel;

    /** The calls of this process's door. */
    public Interfaces(Linux linux) {
        kernel = linux.kernel();
    }

    /** Bytes of the largest packet, without the Ethernet header (SIOCGIFMTU). @throws ErrnoException ENODEV */
    public int mtu(String name) {
        return word(name, TapLayout.SIOCGIFMTU, TapLayout.IFR_MTU, "SIOCGIFMTU", true);
    }

    /** Sets it (SIOCSIFMTU). @throws ErrnoException EPERM without CAP_NET_ADMIN, EINVAL outside the device's range */
    public void mtu(String name, int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            request.set(ValueLayout.JAVA_INT, TapLayout.IFR_MTU, bytes);
            control(TapLayout.SIOCSIFMTU, request, "SIOCSIFMTU " + bytes + " of " + name);
        }
    }

    /** Whether it is up (IFF_UP of SIOCGIFFLAGS). */
    public boolean isUp(String name) {
        return (flags(name) & TapLayout.IFF_UP) != 0;
    }

    /** Takes it up or down (SIOCSIFFLAGS). @throws ErrnoException EPERM without CAP_NET_ADMIN */
    public void up(String name, boolean on) {
        int flags = flags(name);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            int wanted = on ? flags | TapLayout.IFF_UP : flags & ~TapLayout.IFF_UP;
            request.set(ValueLayout.JAVA_SHORT, TapLayout.IFR_FLAGS, (short) wanted);
            control(TapLayout.SIOCSIFFLAGS, request, "SIOCSIFFLAGS of " + name);
        }
    }

    /**
     * Gives it an address of its network (SIOCSIFADDR, SIOCSIFNETMASK).
     *
     * @param address four bytes of IPv4, or sixteen of IPv6
     * @param prefix bits of the network: 0 to 32 for IPv4, 0 to 128 for IPv6
     * @throws ErrnoException EPERM without CAP_NET_ADMIN, EEXIST if it has that one of IPv6 already
     */
    public void address(String name, byte[] address, int prefix) {
        try (Arena arena = Arena.ofConfined()) {
            String text = " of " + name + ", network of " + prefix + " bits";
            if (address.length == 4) {
                control(AF_INET, TapLayout.SIOCSIFADDR, inet(arena, name, address), "SIOCSIFADDR" + text);
                byte[] mask = ByteBuffer.allocate(4)
                        .putInt(prefix == 0 ? 0 : -1 << 32 - prefix)
                        .array();
                control(AF_INET, TapLayout.SIOCSIFNETMASK, inet(arena, name, mask), "SIOCSIFNETMASK" + text);
                return;
            }
            MemorySegment request = arena.allocate(TapLayout.IN6_IFREQ_SIZE, 8);
            MemorySegment.copy(address, 0, request, ValueLayout.JAVA_BYTE, 0, address.length);
            request.set(ValueLayout.JAVA_INT, TapLayout.IFR6_PREFIXLEN, prefix);
            int index = word(name, TapLayout.SIOCGIFINDEX, TapLayout.IFR_IFINDEX, "SIOCGIFINDEX", true);
            request.set(ValueLayout.JAVA_INT, TapLayout.IFR6_IFINDEX, index);
            control(AF_INET6, TapLayout.SIOCSIFADDR, request, "SIOCSIFADDR" + text);
        }
    }

    private static MemorySegment inet(Arena arena, String name, byte[] address) {
        MemorySegment request = request(arena, name);
        request.set(ValueLayout.JAVA_SHORT, TapLayout.IFR_ADDR, (short) AF_INET);
        long at = TapLayout.IFR_ADDR + TapLayout.SIN_ADDR;
        MemorySegment.copy(address, 0, request, ValueLayout.JAVA_BYTE, at, address.length);
        return request;
    }

    /**
     * Sets its Ethernet address (SIOCSIFHWADDR).
     *
     * @param address six bytes
     * @throws ErrnoException EPERM without CAP_NET_ADMIN, EADDRNOTAVAIL if it is not one of a single station
     */
    public void hardwareAddress(String name, byte[] address) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            request.set(ValueLayout.JAVA_SHORT, TapLayout.IFR_ADDR, TapLayout.ARPHRD_ETHER);
            long at = TapLayout.IFR_ADDR + TapLayout.SA_DATA;
            MemorySegment.copy(address, 0, request, ValueLayout.JAVA_BYTE, at, address.length);
            control(TapLayout.SIOCSIFHWADDR, request, "SIOCSIFHWADDR of " + name);
        }
    }

    private int flags(String name) {
        return word(name, TapLayout.SIOCGIFFLAGS, TapLayout.IFR_FLAGS, "SIOCGIFFLAGS", false);
    }

    private int word(String name, long what, long at, String text, boolean wide) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = request(arena, name);
            control(what, request, text + " of " + name);
            return wide
                    ? request.get(ValueLayout.JAVA_INT, at)
                    : Short.toUnsignedInt(request.get(ValueLayout.JAVA_SHORT, at));
        }
    }

    /** Any socket serves; a Unix one needs no network. */
    private void control(long what, MemorySegment request, String text) {
        control(AF_UNIX, what, request, text);
    }

    private void control(int family, long what, MemorySegment request, String text) {
        long socket = kernel.call(Syscall.SOCKET, family, SOCK_DGRAM_CLOEXEC, 0, 0, 0, 0);
        try (Fd fd = Fd.own(kernel, (int) Call.check(socket, Syscall.SOCKET, "family " + family))) {
            long result =
                    Call.keeping(request, kernel.call(Syscall.IOCTL, fd.number(), what, request.address(), 0, 0, 0));
            Call.check(result, Syscall.IOCTL, text);
        }
    }

    /** An ifreq with that name and zeros behind it. @throws IllegalArgumentException if it is too long */
    static MemorySegment request(Arena arena, String name) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        if (bytes.length > MAX_NAME) {
            throw new IllegalArgumentException("interface name of " + bytes.length + " bytes, at most " + MAX_NAME
                    + ", choose a shorter one: " + name);
        }
        MemorySegment request = arena.allocate(TapLayout.IFREQ_SIZE, 8);
        MemorySegment.copy(bytes, 0, request, ValueLayout.JAVA_BYTE, TapLayout.IFR_NAME, bytes.length);
        return request;
    }
}
