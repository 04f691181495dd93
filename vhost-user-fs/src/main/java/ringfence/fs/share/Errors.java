package ringfence.fs.share;

import ringfence.linux.Errno;

/** Errors as FUSE has them: minus the errno. */
final class Errors {
    static final int EPERM = -Errno.EPERM.number();
    static final int ENOENT = -Errno.ENOENT.number();
    static final int EIO = -Errno.EIO.number();
    static final int EINTR = -Errno.EINTR.number();
    static final int EAGAIN = -Errno.EAGAIN.number();
    static final int EDEADLK = -Errno.EDEADLOCK.number();
    static final int ENOLCK = -Errno.ENOLCK.number();
    static final int EBADF = -Errno.EBADF.number();
    static final int EACCES = -Errno.EACCES.number();
    static final int EEXIST = -Errno.EEXIST.number();
    static final int EXDEV = -Errno.EXDEV.number();
    static final int ENOTDIR = -Errno.ENOTDIR.number();
    static final int EISDIR = -Errno.EISDIR.number();
    static final int EINVAL = -Errno.EINVAL.number();
    static final int ENFILE = -Errno.ENFILE.number();
    static final int ENOTTY = -Errno.ENOTTY.number();
    static final int ENXIO = -Errno.ENXIO.number();
    static final int EROFS = -Errno.EROFS.number();
    static final int ERANGE = -Errno.ERANGE.number();
    static final int ENOSYS = -Errno.ENOSYS.number();
    static final int ELOOP = -Errno.ELOOP.number();
    static final int ENODATA = -Errno.ENODATA.number();
    static final int EPROTO = -Errno.EPROTO.number();
    static final int EOPNOTSUPP = -Errno.ENOTSUP.number();
    static final int ENAMETOOLONG = -Errno.ENAMETOOLONG.number();
    static final int E2BIG = -Errno.E2BIG.number();

    private Errors() {}

    /** A result of a call as an error, 0 if it is none. */
    static int of(long result) {
        return result < 0 ? (int) result : 0;
    }
}
