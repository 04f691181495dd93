package ringfence.vmm.kvm;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * {@code struct kvm_run}, which the kernel shares with the vCPU's thread: why KVM_RUN came back, and the data of port
 * and memory accesses. It is a view; nothing is allocated per exit. Only the vCPU's thread reads it, after KVM_RUN has
 * returned; {@link #immediateExit} alone is written by others.
 *
 * <p>It is looked at through a buffer, and by few wide reads: a guest's first exits meet a JVM that interprets, where an
 * access through a segment costs 1.4 µs, three times as much as one through a buffer.
 *
 * <p>The offsets inside the union belong to the exit reason named first in each accessor's line.
 */
public final class KvmRun {
    static final int IMMEDIATE_EXIT = 1;
    static final int EXIT_REASON = 8;
    static final int FLAGS = 14;
    static final int APIC_BASE = 24;
    static final int IO_DIRECTION = 32;
    static final int IO_SIZE = 33;
    static final int IO_PORT = 34;
    static final int IO_COUNT = 36;
    static final int IO_DATA_OFFSET = 40;
    static final int MMIO_PHYS_ADDR = 32;
    static final int MMIO_DATA = 40;
    static final int MMIO_LEN = 48;
    static final int MMIO_IS_WRITE = 52;
    static final int FAIL_ENTRY_REASON = 32;
    static final int FAIL_ENTRY_CPU = 40;
    static final int INTERNAL_SUBERROR = 32;
    static final int INTERNAL_NDATA = 36;
    static final int INTERNAL_DATA = 40;
    static final int SYSTEM_EVENT_TYPE = 32;

    private static final int INTERNAL_DATA_WORDS = 16;

    private final ByteBuffer run;

    KvmRun(MemorySegment run) {
        this.run = run.asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /** Makes KVM_RUN return with EINTR at once, now or the next time, until it is cleared. Any thread. */
    public void immediateExit(boolean on) {
        run.put(IMMEDIATE_EXIT, (byte) (on ? 1 : 0));
    }

    /** The number of the exit reason, KVM_EXIT_*. */
    public int exitReason() {
        return run.getInt(EXIT_REASON);
    }

    /** IO: what the guest wants, in one word for the methods that follow. */
    public long io() {
        return run.getLong(IO_DIRECTION);
    }

    /** Of {@link #io}: whether the guest writes. */
    public static boolean isWrite(long io) {
        return (io & 0xFF) != 0;
    }

    /** Of {@link #io}: bytes of one access: 1, 2 or 4. */
    public static int size(long io) {
        return (int) (io >>> 8) & 0xFF;
    }

    /** Of {@link #io}: the port. */
    public static int port(long io) {
        return (int) (io >>> 16) & 0xFFFF;
    }

    /** Of {@link #io}: how many accesses; more than one for REP INS and REP OUTS. */
    public static int count(long io) {
        return (int) (io >>> 32);
    }

    /** IO: where the first value is, for {@link #value(int, int)}; the others follow it, each as long as an access. */
    public int ioData() {
        return (int) run.getLong(IO_DATA_OFFSET);
    }

    /** MMIO: the guest-physical address. */
    public long mmioAddress() {
        return run.getLong(MMIO_PHYS_ADDR);
    }

    /** MMIO: bytes: 1 to 8; not always a power of two, for an access that crosses a page. */
    public int mmioLength() {
        return run.getInt(MMIO_LEN);
    }

    /** MMIO: whether the guest writes. */
    public boolean mmioIsWrite() {
        return run.get(MMIO_IS_WRITE) != 0;
    }

    /** MMIO: where the value is, for {@link #value(int, int)}. */
    public static int mmioData() {
        return MMIO_DATA;
    }

    /** FAIL_ENTRY: what the processor said. */
    public long failEntryReason() {
        return run.getLong(FAIL_ENTRY_REASON);
    }

    /** FAIL_ENTRY: on which host processor. */
    public int failEntryCpu() {
        return run.getInt(FAIL_ENTRY_CPU);
    }

    /** INTERNAL_ERROR: which: 1 emulation, 2 simultaneous exceptions, 3 event delivery, 4 unexpected exit reason. */
    public int internalSuberror() {
        return run.getInt(INTERNAL_SUBERROR);
    }

    /** INTERNAL_ERROR: how many words of detail, 0 to 16. */
    public int internalWords() {
        return Math.clamp(run.getInt(INTERNAL_NDATA), 0, INTERNAL_DATA_WORDS);
    }

    /** INTERNAL_ERROR: the n-th word of detail. */
    public long internalWord(int n) {
        return run.getLong(INTERNAL_DATA + 8 * n);
    }

    /** SYSTEM_EVENT: its type: 1 shutdown, 2 reset, 3 crash. */
    public int systemEventType() {
        return run.getInt(SYSTEM_EVENT_TYPE);
    }

    /** The {@code width} bytes at {@link #ioData} or {@link #mmioData}, zero-extended; width is 1, 2, 4 or 8. */
    public long value(int at, int width) {
        return switch (width) {
            case 1 -> run.get(at) & 0xFFL;
            case 2 -> run.getShort(at) & 0xFFFFL;
            case 4 -> run.getInt(at) & 0xFFFFFFFFL;
            default -> run.getLong(at);
        };
    }

    /** Answers a read of these bytes. */
    public void value(int at, int width, long value) {
        switch (width) {
            case 1 -> run.put(at, (byte) value);
            case 2 -> run.putShort(at, (short) value);
            case 4 -> run.putInt(at, (int) value);
            default -> run.putLong(at, value);
        }
    }
}
