package ringfence.linux.uring;

/**
 * The structures of {@code <linux/io_uring.h>}.
 *
 * <pre>{@code
 * struct io_uring_params { __u32 sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, resv[3];
 *                          struct io_sqring_offsets sq_off; struct io_cqring_offsets cq_off; };
 * struct io_sqring_offsets { __u32 head, tail, ring_mask, ring_entries, flags, dropped, array, resv1; __u64 user_addr; };
 * struct io_cqring_offsets { __u32 head, tail, ring_mask, ring_entries, overflow, cqes, flags, resv1; __u64 user_addr; };
 * struct io_uring_sqe { __u8 opcode, flags; __u16 ioprio; __s32 fd; __u64 off, addr; __u32 len, rw_flags;
 *                       __u64 user_data; __u16 buf_index, personality; ... };
 * struct io_uring_cqe { __u64 user_data; __s32 res; __u32 flags; };
 * struct io_uring_files_update { __u32 offset, resv; __u64 fds; };
 * struct io_uring_probe { __u8 last_op, ops_len; __u16 resv; __u32 resv2[3]; struct io_uring_probe_op ops[]; };
 * struct io_uring_probe_op { __u8 op, resv; __u16 flags; __u32 resv2; };
 * struct io_uring_getevents_arg { __u64 sigmask; __u32 sigmask_sz, pad; __u64 ts; };
 * }</pre>
 */
final class RingLayout {
    static final long PARAMS_SIZE = 120;
    static final long SQ_ENTRIES = 0;
    static final long CQ_ENTRIES = 4;
    static final long FLAGS = 8;
    static final long FEATURES = 20;
    static final long SQ_HEAD = 40;
    static final long SQ_TAIL = 44;
    static final long SQ_RING_MASK = 48;
    static final long SQ_FLAGS = 56;
    static final long SQ_ARRAY = 64;
    static final long CQ_HEAD = 80;
    static final long CQ_TAIL = 84;
    static final long CQ_RING_MASK = 88;
    static final long CQ_CQES = 100;
    static final long CQ_FLAGS = 104;

    static final long SQE_SIZE = 64;
    static final long SQE_OPCODE = 0;
    static final long SQE_FLAGS = 1;
    static final long SQE_FD = 4;
    static final long SQE_OFF = 8;
    static final long SQE_ADDR = 16;
    static final long SQE_LEN = 24;
    static final long SQE_RW_FLAGS = 28;
    static final long SQE_USER_DATA = 32;
    static final long SQE_BUF_INDEX = 40;

    static final long CQE_SIZE = 16;
    static final long CQE_USER_DATA = 0;
    static final long CQE_RES = 8;
    static final long CQE_FLAGS = 12;

    static final long FILES_UPDATE_SIZE = 16;
    static final long UPDATE_OFFSET = 0;
    static final long UPDATE_FDS = 8;

    static final long PROBE_SIZE = 16;
    static final long PROBE_OP_SIZE = 8;
    static final long PROBE_OP_FLAGS = 2;

    static final long GETEVENTS_ARG_SIZE = 24;
    static final long ARG_TS = 16;

    static final long IORING_OFF_SQ_RING = 0;
    static final long IORING_OFF_SQES = 0x10000000;

    static final int IORING_FEAT_SINGLE_MMAP = 1;
    static final int IORING_FEAT_NODROP = 2;
    static final int IORING_FEAT_EXT_ARG = 1 << 8;

    static final int IORING_ENTER_GETEVENTS = 1;
    static final int IORING_ENTER_EXT_ARG = 8;

    static final int IORING_SQ_CQ_OVERFLOW = 2;
    static final int IORING_CQ_EVENTFD_DISABLED = 1;
    static final int IORING_SQ_TASKRUN = 4;

    static final int IOSQE_FIXED_FILE = 1;
    static final int IORING_FSYNC_DATASYNC = 1;
    static final int IORING_CQE_F_MORE = 2;
    static final int IO_URING_OP_SUPPORTED = 1;

    static final int IORING_REGISTER_BUFFERS = 0;
    static final int IORING_UNREGISTER_BUFFERS = 1;
    static final int IORING_REGISTER_FILES = 2;
    static final int IORING_REGISTER_EVENTFD = 4;
    static final int IORING_UNREGISTER_EVENTFD = 5;
    static final int IORING_REGISTER_FILES_UPDATE = 6;
    static final int IORING_REGISTER_PROBE = 8;
    static final int IORING_REGISTER_ENABLE_RINGS = 12;

    private RingLayout() {}
}
