package ringfence.fs.share;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.FuseReply;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.InitFlags;
import ringfence.fs.fuse.OutLayout;

/** Extended attributes: GETXATTR, SETXATTR, LISTXATTR, REMOVEXATTR; ENOSYS where they are not asked for. */
final class XattrOps {
    private static final int MAX_NAME = 255;
    private static final int MAX_VALUE = 64 << 10;
    private static final int CREATE = 1;
    private static final int REPLACE = 2;
    private static final long ABSENT = 1;
    private static final long PRESENT = 2;

    /** How the names of access control lists begin. */
    private static final MemorySegment LIST =
            MemorySegment.ofArray("system.posix_acl_".getBytes(StandardCharsets.US_ASCII));

    private final Share share;

    XattrOps(Share share) {
        this.share = share;
    }

    /** The name at {@code at}. @return its length, or minus the errno */
    private int name(Call call, int at) {
        if (!share.options().xattr()) {
            return Errors.ENOSYS;
        }
        int length = call.request.text(at);
        if (length <= 0 || length > MAX_NAME) {
            return length < 0 ? length : Errors.ERANGE;
        }
        if (isHidden(call.request.memory(), at, length)) {
            return Errors.EOPNOTSUPP;
        }
        call.name.set(call.request.memory(), at);
        return length;
    }

    /** Lists of access are for guests that go by them: others would go by the mode alone. */
    private boolean isHidden(MemorySegment memory, long at, long length) {
        return !share.options().posixAcl()
                && length > LIST.byteSize()
                && MemorySegment.mismatch(memory, at, at + LIST.byteSize(), LIST, 0, LIST.byteSize()) < 0;
    }

    int get(Call call) {
        int length = name(call, InLayout.GETXATTR_NAME);
        if (length < 0) {
            return length;
        }
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        int size = size(call);
        return reply(
                call,
                size,
                call.self.tryGetXattr(
                        call.node().fd(), call.name, call.reply.memory(), OutLayout.HEADER, Math.max(size, 0)));
    }

    int list(Call call) {
        if (!share.options().xattr()) {
            return Errors.ENOSYS;
        }
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        int size = size(call);
        MemorySegment names = call.reply.memory();
        long all = call.self.tryListXattr(call.node().fd(), names, OutLayout.HEADER, FuseReply.MAX_BODY);
        long shown = all < 0 ? all : shown(names, all);
        return reply(call, size, size > 0 && shown > size ? Errors.ERANGE : shown);
    }

    /** Takes out of the reply's names those that are hidden. @return bytes of those that stay */
    private long shown(MemorySegment names, long bytes) {
        long kept = 0;
        long at = 0;
        while (at < bytes) {
            long end = at;
            while (names.get(ValueLayout.JAVA_BYTE, OutLayout.HEADER + end) != 0) {
                end++;
            }
            long length = end + 1 - at;
            if (!isHidden(names, OutLayout.HEADER + at, length - 1)) {
                MemorySegment.copy(names, OutLayout.HEADER + at, names, OutLayout.HEADER + kept, length);
                kept += length;
            }
            at += length;
        }
        return kept;
    }

    /** What the guest has room for; 0: it asks how much it needs. */
    private static int size(Call call) {
        long asked = Integer.toUnsignedLong(call.request.int32(InLayout.GETXATTR_SIZE));
        return (int) Math.min(asked, FuseReply.MAX_BODY);
    }

    private static int reply(Call call, int size, long result) {
        if (result < 0) {
            return (int) result;
        }
        if (size == 0) {
            call.reply.body(OutLayout.COUNT);
            call.reply.int32(0, (int) result);
        } else {
            call.reply.filled((int) result);
        }
        return 0;
    }

    int set(Call call) {
        boolean extended = share.features().has(InitFlags.SETXATTR_EXT);
        int nameAt = extended ? InLayout.SETXATTR_NAME_EXT : InLayout.SETXATTR_NAME;
        int length = name(call, nameAt);
        if (length < 0) {
            return length;
        }
        int valueAt = nameAt + length + 1;
        int size = call.request.int32(InLayout.SETXATTR_SIZE);
        int flags = call.request.int32(InLayout.SETXATTR_FLAGS);
        if (size < 0 || size > call.request.end() - valueAt) {
            return Errors.EINVAL;
        }
        if (size > MAX_VALUE) {
            return Errors.E2BIG;
        }
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        if (flags == 0) { // twice is as good as once
            return Errors.of(put(call, valueAt, size, 0));
        }
        if (call.wasBegun() && isDone(call, valueAt, size)) {
            call.counters.add(FsCounter.FOUND_DONE);
            return call.done();
        }
        call.intend(isThere(call) ? PRESENT : ABSENT, 0, 0, 0);
        long result = put(call, valueAt, size, flags & (CREATE | REPLACE));
        if (result < 0) {
            return (int) result;
        }
        call.effect();
        return call.done();
    }

    private long put(Call call, int at, int size, int flags) {
        boolean kill = share.features().has(InitFlags.SETXATTR_EXT)
                && (call.request.int32(InLayout.SETXATTR_MORE) & FuseFlags.SETXATTR_ACL_KILL_SGID) != 0;
        int refused = kill ? call.caller.enterUnprivileged(call.request) : 0;
        long result = refused < 0
                ? refused
                : call.self.trySetXattr(call.node().fd(), call.name, call.request.memory(), at, size, flags);
        call.caller.leave();
        return result;
    }

    private boolean isThere(Call call) {
        return call.self.tryGetXattr(call.node().fd(), call.name, call.reply.memory(), OutLayout.HEADER, 0) >= 0;
    }

    /** Whether the value is there that was to be set, and was not to be there before. */
    private static boolean isDone(Call call, int at, int size) {
        MemorySegment now = call.reply.memory();
        long length = call.self.tryGetXattr(call.node().fd(), call.name, now, OutLayout.HEADER, FuseReply.MAX_BODY);
        return length == size
                && MemorySegment.mismatch(
                                now,
                                OutLayout.HEADER,
                                OutLayout.HEADER + length,
                                call.request.memory(),
                                at,
                                at + length)
                        < 0;
    }

    int remove(Call call) {
        int length = name(call, InLayout.ARGUMENTS);
        if (length < 0) {
            return length;
        }
        int found = call.useNode();
        if (found < 0) {
            return found;
        }
        boolean there = isThere(call);
        if (call.wasBegun() && call.log.fact(0) == PRESENT && !there) {
            call.counters.add(FsCounter.FOUND_DONE);
            return call.done();
        }
        call.intend(there ? PRESENT : ABSENT, 0, 0, 0);
        long result = call.self.tryRemoveXattr(call.node().fd(), call.name);
        if (result < 0) {
            return (int) result;
        }
        call.effect();
        return call.done();
    }
}
