package ringfence.fs.share;

import ringfence.fs.fuse.FuseFlags;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.OutLayout;
import ringfence.linux.OpenFlag;

/** Data by offset: READ, WRITE, FALLOCATE, LSEEK. */
final class DataOps {
    private static final int SEEK_DATA = 3;
    private static final int SEEK_HOLE = 4;

    private final Share share;

    DataOps(Share share) {
        this.share = share;
    }

    int read(Call call) {
        int found = call.useHandle(call.request.int64(InLayout.FH));
        if (found < 0) {
            return found;
        }
        long offset = call.request.int64(InLayout.READ_OFFSET);
        long asked = Integer.toUnsignedLong(call.request.int32(InLayout.READ_SIZE));
        long size = Math.min(asked, call.chain.writableBytes() - OutLayout.HEADER);
        if (size < 0 || offset < 0) {
            return Errors.EINVAL;
        }
        long result = call.vectors.read(
                share.linux().files(), call.handle().fd(), call.chain, OutLayout.HEADER, size, offset);
        if (result < 0) {
            return (int) result;
        }
        call.counters.add(FsCounter.READ_BYTES, result);
        call.reply.placed(result);
        return 0;
    }

    int write(Call call) {
        int found = call.useHandle(call.request.int64(InLayout.FH));
        if (found < 0) {
            return found;
        }
        long offset = call.request.int64(InLayout.WRITE_OFFSET);
        long size = Integer.toUnsignedLong(call.request.int32(InLayout.WRITE_SIZE));
        if (size > call.chain.readableBytes() - InLayout.WRITE_DATA || offset < 0) {
            return Errors.EINVAL;
        }
        boolean appends = (share.state().handles().flags(call.handleSlot) & OpenFlag.APPEND.bits()) != 0;
        return appends ? append(call, offset, size) : write(call, offset, size);
    }

    private int write(Call call, long offset, long size) {
        long result = put(call, offset, size);
        if (result < 0) {
            return (int) result;
        }
        written(call, result);
        return 0;
    }

    private long put(Call call, long offset, long size) {
        if ((call.request.int32(InLayout.WRITE_FLAGS) & FuseFlags.WRITE_KILL_SUIDGID) != 0) {
            call.caller.writeAsNobody();
        }
        long result = call.vectors.write(
                share.linux().files(), call.handle().fd(), call.chain, InLayout.WRITE_DATA, size, offset, 0);
        call.caller.leave();
        return result;
    }

    private static void written(Call call, long bytes) {
        call.counters.add(FsCounter.WRITTEN_BYTES, bytes);
        call.reply.body(OutLayout.COUNT);
        call.reply.int32(0, (int) bytes);
    }

    /** At the file's end, wherever that is: done twice, it would be there twice. */
    private int append(Call call, long offset, long size) {
        long result = share.linux().attributes().tryStat(call.handle().fd(), call.stat);
        if (result < 0) {
            return (int) result;
        }
        long before = call.wasBegun() ? call.log.fact(0) : call.stat.size();
        long grown = call.stat.size() - before;
        if (grown > 0) {
            call.counters.add(FsCounter.FOUND_DONE);
            written(call, Math.min(grown, size));
            return call.done();
        }
        call.intend(before, 0, 0, 0);
        result = put(call, offset, size);
        if (result < 0) {
            return (int) result;
        }
        call.effect();
        written(call, result);
        return call.done();
    }

    int allocate(Call call) {
        int found = call.useHandle(call.request.int64(InLayout.FH));
        if (found < 0) {
            return found;
        }
        call.changeAsUser();
        return Errors.of(share.linux()
                .files()
                .tryAllocate(
                        call.handle().fd(),
                        call.request.int32(InLayout.FALLOCATE_MODE),
                        call.request.int64(InLayout.FALLOCATE_OFFSET),
                        call.request.int64(InLayout.FALLOCATE_LENGTH)));
    }

    int seek(Call call) {
        int found = call.useHandle(call.request.int64(InLayout.FH));
        if (found < 0) {
            return found;
        }
        int whence = call.request.int32(InLayout.LSEEK_WHENCE);
        if (whence != SEEK_DATA && whence != SEEK_HOLE) {
            return Errors.EINVAL; // the guest's kernel knows the rest by itself
        }
        long result =
                share.linux().files().trySeek(call.handle().fd(), call.request.int64(InLayout.LSEEK_OFFSET), whence);
        if (result < 0) {
            return (int) result;
        }
        call.reply.body(OutLayout.LSEEK);
        call.reply.int64(0, result);
        return 0;
    }
}
