package ringfence.fs.share;

import ringfence.fs.fuse.Opcode;
import ringfence.linux.TimePair;

/** Which operation serves an opcode, for one queue. One owner thread. */
final class Operations {
    private final Share share;
    private final NameOps names;
    private final MakeOps makes;
    private final CreateOps creates;
    private final RemoveOps removes;
    private final RenameOps renames;
    private final HandleOps handles;
    private final DataOps data;
    private final CopyOps copies;
    private final DirectoryOps directories;
    private final AttributeOps attributes;
    private final XattrOps xattrs;
    private final LockOps locks;
    private final SessionOps sessions;
    private final PlusEntries entries;
    private final TimePair times = new TimePair();

    Operations(Share share) {
        this.share = share;
        names = new NameOps(share);
        makes = new MakeOps(share);
        handles = new HandleOps(share);
        creates = new CreateOps(share, handles);
        removes = new RemoveOps(share);
        renames = new RenameOps(share);
        data = new DataOps(share);
        copies = new CopyOps(share);
        directories = new DirectoryOps(share);
        attributes = new AttributeOps(share);
        xattrs = new XattrOps(share);
        locks = new LockOps(share);
        sessions = new SessionOps(share);
        entries = new PlusEntries(share);
    }

    /** Those of locks. */
    LockOps locks() {
        return locks;
    }

    /** Serves a request. @return 0: its reply is laid out; {@link Call#NO_REPLY}; {@link Call#WAITS}; or minus the errno */
    int serve(Call call) {
        Opcode opcode = call.request.opcode();
        if (!share.features().begun() && opcode != Opcode.INIT && opcode != Opcode.DESTROY) {
            return opcode.isAnswered() ? Errors.EIO : Call.NO_REPLY;
        }
        if (opcode.changes() && share.options().readOnly() && opcode != Opcode.WRITE) {
            return Errors.EROFS;
        }
        return switch (opcode) {
            case LOOKUP -> names.lookup(call);
            case FORGET -> names.forget(call);
            case BATCH_FORGET -> names.forgetBatch(call);
            case GETATTR -> attributes.get(call);
            case SETATTR -> attributes.set(call, times);
            case READLINK -> names.readLink(call);
            case SYMLINK -> makes.makeSymlink(call);
            case MKNOD -> makes.makeNode(call);
            case MKDIR -> makes.makeDirectory(call);
            case UNLINK -> removes.unlink(call);
            case RMDIR -> removes.removeDirectory(call);
            case RENAME -> renames.rename(call);
            case RENAME2 -> renames.rename2(call);
            case LINK -> makes.link(call);
            case CREATE -> creates.create(call);
            case TMPFILE -> creates.temporary(call);
            case READ -> data.read(call);
            case WRITE -> data.write(call);
            default -> more(call, opcode);
        };
    }

    private int more(Call call, Opcode opcode) {
        return switch (opcode) {
            case OPEN -> handles.open(call);
            case RELEASE -> locks.areOurs() ? locks.release(call) : handles.release(call);
            case RELEASEDIR -> handles.release(call);
            case OPENDIR -> handles.openDirectory(call);
            case FLUSH -> {
                if (locks.areOurs()) {
                    locks.flushed(call);
                }
                yield handles.flush(call);
            }
            case FSYNC, FSYNCDIR -> handles.sync(call);
            case READDIR -> directories.read(call);
            case READDIRPLUS -> directories.readPlus(call, entries);
            case STATX -> attributes.extended(call);
            case STATFS -> attributes.fileSystem(call);
            case ACCESS -> attributes.access(call);
            case SYNCFS -> attributes.syncFileSystem(call);
            case SETXATTR -> xattrs.set(call);
            case GETXATTR -> xattrs.get(call);
            case LISTXATTR -> xattrs.list(call);
            case REMOVEXATTR -> xattrs.remove(call);
            case FALLOCATE -> data.allocate(call);
            case LSEEK -> data.seek(call);
            case COPY_FILE_RANGE -> copies.copy(call);
            case INIT -> sessions.init(call);
            case DESTROY -> sessions.destroy();
            case GETLK -> locks.get(call);
            case SETLK -> locks.set(call);
            case SETLKW -> locks.setOrWait(call);
            case INTERRUPT -> locks.interrupt(call); // all but a lock is done before the next request is read
            case IOCTL -> Errors.ENOTTY;
            default -> Errors.ENOSYS;
        };
    }
}
