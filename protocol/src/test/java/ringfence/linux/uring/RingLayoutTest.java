package ringfence.linux.uring;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.CLayouts;

class RingLayoutTest {
    @TempDir
    Path directory;

    @Test
    void operationsAndFlags() throws Exception {
        CLayouts c = new CLayouts().include("linux/io_uring.h");
        for (Op op : Op.values()) {
            c.expect("IORING_OP_" + op, op.number());
        }
        for (RingFlag flag : RingFlag.values()) {
            c.expect("IORING_SETUP_" + flag, flag.bits());
        }
        for (Field field : RingLayout.class.getDeclaredFields()) {
            if (field.getName().matches("IORING_.*|IOSQE_.*|IO_URING_.*")) {
                field.setAccessible(true);
                c.expect(field.getName(), ((Number) field.get(null)).longValue());
            }
        }
        assertThat(c.expected().size()).isGreaterThanOrEqualTo(40);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }

    @Test
    void structures() throws Exception {
        CLayouts c = new CLayouts()
                .include("linux/io_uring.h")
                .size("struct io_uring_params", RingLayout.PARAMS_SIZE)
                .offset("struct io_uring_params", "sq_entries", RingLayout.SQ_ENTRIES)
                .offset("struct io_uring_params", "cq_entries", RingLayout.CQ_ENTRIES)
                .offset("struct io_uring_params", "flags", RingLayout.FLAGS)
                .offset("struct io_uring_params", "features", RingLayout.FEATURES)
                .offset("struct io_uring_params", "sq_off.head", RingLayout.SQ_HEAD)
                .offset("struct io_uring_params", "sq_off.tail", RingLayout.SQ_TAIL)
                .offset("struct io_uring_params", "sq_off.ring_mask", RingLayout.SQ_RING_MASK)
                .offset("struct io_uring_params", "sq_off.flags", RingLayout.SQ_FLAGS)
                .offset("struct io_uring_params", "sq_off.array", RingLayout.SQ_ARRAY)
                .offset("struct io_uring_params", "cq_off.head", RingLayout.CQ_HEAD)
                .offset("struct io_uring_params", "cq_off.tail", RingLayout.CQ_TAIL)
                .offset("struct io_uring_params", "cq_off.ring_mask", RingLayout.CQ_RING_MASK)
                .offset("struct io_uring_params", "cq_off.cqes", RingLayout.CQ_CQES)
                .offset("struct io_uring_params", "cq_off.flags", RingLayout.CQ_FLAGS)
                .size("struct io_uring_sqe", RingLayout.SQE_SIZE)
                .offset("struct io_uring_sqe", "opcode", RingLayout.SQE_OPCODE)
                .offset("struct io_uring_sqe", "flags", RingLayout.SQE_FLAGS)
                .offset("struct io_uring_sqe", "fd", RingLayout.SQE_FD)
                .offset("struct io_uring_sqe", "off", RingLayout.SQE_OFF)
                .offset("struct io_uring_sqe", "addr", RingLayout.SQE_ADDR)
                .offset("struct io_uring_sqe", "len", RingLayout.SQE_LEN)
                .offset("struct io_uring_sqe", "rw_flags", RingLayout.SQE_RW_FLAGS)
                .offset("struct io_uring_sqe", "user_data", RingLayout.SQE_USER_DATA)
                .offset("struct io_uring_sqe", "buf_index", RingLayout.SQE_BUF_INDEX)
                .size("struct io_uring_cqe", RingLayout.CQE_SIZE)
                .offset("struct io_uring_cqe", "user_data", RingLayout.CQE_USER_DATA)
                .offset("struct io_uring_cqe", "res", RingLayout.CQE_RES)
                .offset("struct io_uring_cqe", "flags", RingLayout.CQE_FLAGS)
                .size("struct io_uring_files_update", RingLayout.FILES_UPDATE_SIZE)
                .offset("struct io_uring_files_update", "offset", RingLayout.UPDATE_OFFSET)
                .offset("struct io_uring_files_update", "fds", RingLayout.UPDATE_FDS)
                .size("struct io_uring_probe", RingLayout.PROBE_SIZE)
                .size("struct io_uring_probe_op", RingLayout.PROBE_OP_SIZE)
                .offset("struct io_uring_probe_op", "flags", RingLayout.PROBE_OP_FLAGS)
                .size("struct io_uring_getevents_arg", RingLayout.GETEVENTS_ARG_SIZE)
                .offset("struct io_uring_getevents_arg", "ts", RingLayout.ARG_TS);
        assertThat(c.actual(directory)).isEqualTo(c.expected());
    }
}
