package ringfence.it.fuse;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import ringfence.linux.Errno;
import ringfence.linux.Linux;
import ringfence.vhostuser.link.Frontend;

/**
 * One request at a time, from a guest's first queue. One owner thread.
 *
 * <pre>{@code
 * try (FuseSession fuse = FuseSession.open(Linux.system(), socket)) {
 *     Entry entry = fuse.names().lookup(FuseSession.ROOT, "file");
 *     Opened file = fuse.files().open(entry.node(), OpenFiles.RDWR);
 *     ...
 * }
 * }</pre>
 */
public final class FuseSession implements AutoCloseable {
    /** Node of the root. */
    public static final long ROOT = 1;
    /** What Linux 6.12 asks for, as far as it concerns tests: all of the first word's bits that a guest sets. */
    public static final int FLAGS = 0x7FFF_FFFB & ~Init.WRITEBACK_CACHE & ~Init.POSIX_ACL & ~Init.MAP_ALIGNMENT;

    private static final int QUEUE = 1;
    private static final int SLOT = 0;

    private final FuseGuest guest;
    private final FuseRequest request;
    private final Names names = new Names(this);
    private final OpenFiles files = new OpenFiles(this);
    private final Attributes attributes = new Attributes(this);
    private final Directories directories = new Directories(this);
    private long unique = 2;
    private int uid;
    private int gid;
    private Init init;

    public FuseSession(FuseGuest guest) {
        this.guest = guest;
        request = new FuseRequest(guest.ram());
    }

    /** Connects and negotiates as a guest's kernel does. */
    public static FuseSession open(Linux linux, Path socket) {
        return open(linux, FuseGuest.reach(linux, socket.toString()));
    }

    /** The same over a connection, which is the guest's from now on. */
    public static FuseSession open(Linux linux, Frontend connected) {
        FuseGuest guest = new FuseGuest(linux, FuseShape.one());
        guest.connect(connected);
        FuseSession session = new FuseSession(guest);
        session.init(Init.MINOR, FLAGS, 0);
        return session;
    }

    public FuseGuest guest() {
        return guest;
    }

    public Names names() {
        return names;
    }

    public OpenFiles files() {
        return files;
    }

    public Attributes attributes() {
        return attributes;
    }

    public Directories directories() {
        return directories;
    }

    /** Who makes the requests from now on. */
    public void user(int newUid, int newGid) {
        uid = newUid;
        gid = newGid;
    }

    /** What the last INIT was answered with. */
    public Init init() {
        return init;
    }

    /** INIT. @param flags2 those above the first 32, where the first word holds INIT_EXT */
    public Init init(int minor, int flags, int flags2) {
        begin(Opcode.INIT, 0).u32(7).u32(minor).u32(1 << 20).u32(flags).u32(flags2);
        for (int i = 0; i < 11; i++) {
            request.u32(0);
        }
        init = Init.at(call(64));
        return init;
    }

    /** DESTROY, as at the unmount. */
    public void destroy() {
        begin(Opcode.DESTROY, 0);
        call(0);
    }

    /** Numbers of requests start again, as those of a new mount do. */
    public void restart() {
        unique = 2;
    }

    /** How many requests have been begun, since the last restart of their numbers. */
    public long requests() {
        return unique / 2;
    }

    /** Begins a request in the slot. */
    public FuseRequest begin(int opcode, long node) {
        unique += 2;
        return request.begin(guest.request(QUEUE, SLOT), opcode, unique, node, uid, gid);
    }

    /** Begins one with a number that the caller chooses. */
    public FuseRequest beginAs(int opcode, long node, long number) {
        return request.begin(guest.request(QUEUE, SLOT), opcode, number, node, uid, gid);
    }

    /** Sends what was begun. @param fixed bytes that the reply has at most after its header */
    public FuseReply call(int fixed) {
        return call(0, fixed, 0);
    }

    /** The same with data both ways, in {@link #data}. Either {@code fixed} or {@code received} is 0. */
    public FuseReply call(int sent, int fixed, int received) {
        int error = tryCall(sent, fixed, received);
        if (error != 0) {
            throw new FuseException(request.opcode(), request.node(), Errno.of(-error));
        }
        return reply(received > 0);
    }

    /** As {@link #call}. @return the error of the reply's header: 0 or minus the errno */
    public int tryCall(int sent, int fixed, int received) {
        request.end(sent);
        boolean replied = !Opcode.isWithoutReply(request.opcode());
        guest.offer(QUEUE, SLOT, request.length(), sent, fixed, received, replied);
        finish();
        return replied ? error() : 0;
    }

    /** Bytes of what was begun, header included. */
    public int written() {
        return request.length();
    }

    /** Has the header of what was begun claim a length. */
    public void claimed(int bytes) {
        request.claim(bytes);
    }

    /** Sends a chain of any cut. @return the error, 1 if nothing was written */
    public int tryRaw(int[] readable, int[] writable) {
        return raw(readable, writable) ? error() : 1;
    }

    /** The same where the reply may have no room. @return the error, unchecked; 1 if nothing was written */
    public int tryHostile(int[] readable, int[] writable) {
        return raw(readable, writable) ? guest.ram().get(ValueLayout.JAVA_INT, guest.reply(QUEUE, SLOT) + 4) : 1;
    }

    private boolean raw(int[] readable, int[] writable) {
        guest.ram().asSlice(guest.reply(QUEUE, SLOT), FuseGuest.OUT_HEADER).fill((byte) 0);
        guest.offerRaw(QUEUE, SLOT, readable, writable);
        finish();
        return guest.ram().get(ValueLayout.JAVA_INT, guest.reply(QUEUE, SLOT)) != 0;
    }

    private void finish() {
        guest.publish(QUEUE);
        guest.take(QUEUE);
    }

    private int error() {
        long at = guest.reply(QUEUE, SLOT);
        int length = guest.ram().get(ValueLayout.JAVA_INT, at);
        int error = guest.ram().get(ValueLayout.JAVA_INT, at + 4);
        if (length < FuseGuest.OUT_HEADER || error > 0 || error < 0 && length != FuseGuest.OUT_HEADER) {
            throw new IllegalStateException("a reply of length " + length + " with error " + error);
        }
        long number = guest.ram().get(ValueLayout.JAVA_LONG, at + 8);
        long asked = guest.ram().get(ValueLayout.JAVA_LONG, guest.request(QUEUE, SLOT) + 8);
        if (number != asked) {
            throw new IllegalStateException("reply of request " + number + " to " + asked);
        }
        return error;
    }

    private FuseReply reply(boolean inData) {
        long at = guest.reply(QUEUE, SLOT);
        int length = Opcode.isWithoutReply(request.opcode())
                ? 0
                : guest.ram().get(ValueLayout.JAVA_INT, at) - FuseGuest.OUT_HEADER;
        return new FuseReply(guest.ram().asSlice(inData ? guest.data(QUEUE, SLOT) : at + FuseGuest.OUT_HEADER, length));
    }

    /** The slot's data. */
    public MemorySegment data() {
        return guest.ram().asSlice(guest.data(QUEUE, SLOT), guest.shape().data());
    }

    /** Puts bytes into the slot's data. */
    void fill(byte[] bytes) {
        MemorySegment.copy(bytes, 0, data(), ValueLayout.JAVA_BYTE, 0, bytes.length);
    }

    @Override
    public void close() {
        guest.close();
    }
}
