package ringfence.linux;

/**
 * The structures of sockets.
 *
 * <pre>{@code
 * struct msghdr { void *msg_name; socklen_t msg_namelen; struct iovec *msg_iov; size_t msg_iovlen;
 *                 void *msg_control; size_t msg_controllen; int msg_flags; };
 * struct iovec { void *iov_base; size_t iov_len; };
 * struct cmsghdr { size_t cmsg_len; int cmsg_level; int cmsg_type; };
 * struct sockaddr_un { sa_family_t sun_family; char sun_path[108]; };
 * struct ucred { pid_t pid; uid_t uid; gid_t gid; };
 * struct pollfd { int fd; short events; short revents; };
 * struct timeval { time_t tv_sec; suseconds_t tv_usec; };
 * }</pre>
 */
final class SocketLayout {
    static final long MSGHDR_SIZE = 56;
    static final long MSG_NAME = 0;
    static final long MSG_NAMELEN = 8;
    static final long MSG_IOV = 16;
    static final long MSG_IOVLEN = 24;
    static final long MSG_CONTROL = 32;
    static final long MSG_CONTROLLEN = 40;
    static final long MSG_FLAGS = 48;

    static final long IOVEC_SIZE = 16;
    static final long IOV_BASE = 0;
    static final long IOV_LEN = 8;

    static final long CMSGHDR_SIZE = 16;
    static final long CMSG_LEN = 0;
    static final long CMSG_LEVEL = 8;
    static final long CMSG_TYPE = 12;

    static final long SOCKADDR_UN_SIZE = 110;
    static final long SUN_FAMILY = 0;
    static final long SUN_PATH = 2;

    static final long UCRED_SIZE = 12;
    static final long UCRED_PID = 0;
    static final long UCRED_UID = 4;
    static final long UCRED_GID = 8;

    static final long POLLFD_SIZE = 8;
    static final long POLLFD_FD = 0;
    static final long POLLFD_EVENTS = 4;
    static final long POLLFD_REVENTS = 6;

    static final long TIMEVAL_SIZE = 16;
    static final long TV_SEC = 0;
    static final long TV_USEC = 8;

    private SocketLayout() {}
}
