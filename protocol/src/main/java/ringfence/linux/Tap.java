package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Set;

/**
 * One queue of a tap or macvtap device: Ethernet frames, each behind a {@code virtio_net_hdr}. Owns its descriptor, which
 * is non-blocking. A device has several queues when it is opened several times by name; it goes away with its last queue,
 * unless somebody has made it persistent.
 *
 * <p>Sending and receiving are the data path: they allocate nothing, and any thread may do them. The rest is for one
 * thread.
 */
public final class Tap implements AutoCloseable {
    private static final String DEVICE = "/dev/net/tun";
    private static final int NEEDED = TapLayout.IFF_TAP | TapLayout.IFF_NO_PI | TapLayout.IFF_VNET_HDR;

    private final Kernel kernel;
    private final Fd fd;
    private final String name;
    private final boolean multiQueue;

    private Tap(Kernel kernel, Fd fd, String name, boolean multiQueue) {
        this.kernel = kernel;
        this.fd = fd;
        this.name = name;
        this.multiQueue = multiQueue;
    }

    /**
     * Makes a tap, or adds a queue to one that exists (TUNSETIFF).
     *
     * @param name empty, or with {@code %d} in it: the kernel chooses
     * @param multiQueue whether it may have several queues; one that exists must have been made so too
     * @throws ErrnoException ENOENT: no /dev/net/tun; EPERM: not ours; EBUSY: in use; EINVAL: of the other kind, or no tap
     * @throws IllegalArgumentException if the name is too long
     */
    public static Tap open(Linux linux, String name, boolean multiQueue) {
        Fd fd = linux.files().open(DEVICE, OpenFlag.RDWR, OpenFlag.NONBLOCK);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = Interfaces.request(arena, name);
            int flags = multiQueue ? NEEDED | TapLayout.IFF_MULTI_QUEUE : NEEDED;
            request.set(ValueLayout.JAVA_SHORT, TapLayout.IFR_FLAGS, (short) flags);
            linux.ioctl(fd, TapLayout.TUNSETIFF, request, "TUNSETIFF " + name);
            return new Tap(linux.kernel(), fd, request.getString(TapLayout.IFR_NAME), multiQueue);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /**
     * Takes a queue that somebody else has opened (TUNGETIFF); it becomes non-blocking. Whether it is attached stays as it is.
     *
     * @param fd owned by the tap from now on, and closed if it is refused
     * @throws IllegalArgumentException if it is no queue of a tap with virtio headers and without others
     */
    public static Tap adopt(Linux linux, Fd fd) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(TapLayout.IFREQ_SIZE, 8);
            long result = linux.tryIoctl(fd, TapLayout.TUNGETIFF, request.address());
            if (result < 0) {
                throw new IllegalArgumentException(
                        "no queue of a tap: " + Errno.of(-result).text());
            }
            int flags = Short.toUnsignedInt(request.get(ValueLayout.JAVA_SHORT, TapLayout.IFR_FLAGS));
            if ((flags & NEEDED) != NEEDED) {
                throw new IllegalArgumentException("a tap of another kind: flags 0x" + Integer.toHexString(flags)
                        + ", IFF_TAP, IFF_NO_PI and IFF_VNET_HDR are needed");
            }
            linux.files().nonBlocking(fd, true);
            boolean many = (flags & TapLayout.IFF_MULTI_QUEUE) != 0;
            return new Tap(linux.kernel(), fd, request.getString(TapLayout.IFR_NAME), many);
        } catch (RuntimeException e) {
            fd.close();
            throw e;
        }
    }

    /** The interface's name, in the network namespace where it was made. */
    public String name() {
        return name;
    }

    /** Whether the device may have several queues, so that {@link #attach} works. */
    public boolean multiQueue() {
        return multiQueue;
    }

    /** Readable when a frame waits; owned by this object. */
    public Fd fd() {
        return fd;
    }

    /** The IFF_ bits that this kernel's taps know (TUNGETFEATURES). */
    public int features() {
        return getWord(TapLayout.TUNGETFEATURES, "TUNGETFEATURES");
    }

    /** Bytes before each frame: 10, or 12 where the last two are num_buffers, which the kernel leaves alone. */
    public void headerSize(int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment word = arena.allocateFrom(ValueLayout.JAVA_INT, bytes);
            ioctl(TapLayout.TUNSETVNETHDRSZ, word.address(), "TUNSETVNETHDRSZ " + bytes);
        }
    }

    /** Bytes before each frame (TUNGETVNETHDRSZ). */
    public int headerSize() {
        return getWord(TapLayout.TUNGETVNETHDRSZ, "TUNGETVNETHDRSZ");
    }

    /**
     * What the reader can take, of all queues of the device.
     *
     * @return false if this kernel does not know all of them, or not in this combination
     */
    public boolean tryOffload(Set<TapOffload> offloads) {
        int bits = Flag.bits(offloads.toArray(Flag[]::new));
        long result = kernel.call(Syscall.IOCTL, fd.number(), TapLayout.TUNSETOFFLOAD, bits, 0, 0, 0);
        return result != -Errno.EINVAL.number()
                && Call.check(result, Syscall.IOCTL, "TUNSETOFFLOAD " + offloads + " of " + name) == 0;
    }

    /**
     * Attaches or detaches this queue of a device with several (TUNSETQUEUE). A detached one is steered no frames, and
     * loses those that waited; it still sends.
     *
     * @return false if it was so already
     */
    public boolean attach(boolean on) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment request = arena.allocate(TapLayout.IFREQ_SIZE, 8);
            int flag = on ? TapLayout.IFF_ATTACH_QUEUE : TapLayout.IFF_DETACH_QUEUE;
            request.set(ValueLayout.JAVA_SHORT, TapLayout.IFR_FLAGS, (short) flag);
            long result = kernel.call(Syscall.IOCTL, fd.number(), TapLayout.TUNSETQUEUE, request.address(), 0, 0, 0);
            if (result == -Errno.EINVAL.number()) {
                return false;
            }
            Call.check(result, Syscall.IOCTL, (on ? "IFF_ATTACH_QUEUE of " : "IFF_DETACH_QUEUE of ") + name);
            return true;
        }
    }

    /** Receives one frame with its header; what does not fit is lost. @return bytes, or minus the errno (EAGAIN: none) */
    public long tryReceive(IoVec into) {
        return Call.keeping(into, kernel.call(Syscall.READV, fd.number(), into.address(), into.count(), 0, 0, 0));
    }

    /** Sends one frame with its header. @return bytes, or minus the errno: EINVAL for a header that makes no sense */
    public long trySend(IoVec frame) {
        return Call.keeping(frame, kernel.call(Syscall.WRITEV, fd.number(), frame.address(), frame.count(), 0, 0, 0));
    }

    private int getWord(long request, String what) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment word = arena.allocate(ValueLayout.JAVA_INT);
            ioctl(request, word.address(), what);
            return word.get(ValueLayout.JAVA_INT, 0);
        }
    }

    private void ioctl(long request, long argument, String what) {
        long result = kernel.call(Syscall.IOCTL, fd.number(), request, argument, 0, 0, 0);
        Call.check(result, Syscall.IOCTL, what + " of " + name);
    }

    @Override
    public void close() {
        fd.close();
    }

    @Override
    public String toString() {
        return name + " (" + fd + ")";
    }
}
