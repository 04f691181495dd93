package ringfence.vmm.kvm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * {@code struct kvm_run}, which the kernel shares with the vCPU's thread: why KVM_RUN came back, and the data of port
 * and memory accesses. It is a view; nothing is allocated per exit. Only the vCPU's thread reads it, after KVM_RUN has
 * returned; {@link #immediateExit} alone is written by others.
 *
 * <p>The offsets inside the union belong to the exit reason named first in each accessor's line.
 */
public final class KvmRun {
    static final long IMMEDIATE_EXIT = 1;
    static final long EXIT_REASON = 8;
    static final long FLAGS = 14;
    static final long APIC_BASE = 24;
    static final long IO_DIRECTION = 32;
    static final long IO_SIZE = 33;
    static final long IO_PORT = 34;
    static final long IO_COUNT = 36;
    static final long IO_DATA_OFFSET = 40;
    static final long MMIO_PHYS_ADDR = 32;
    static final long MMIO_DATA = 40;
    static final long MMIO_LEN = 48;
    static final long MMIO_IS_WRITE = 52;
    static final long FAIL_ENTRY_REASON = 32;
    static final long FAIL_ENTRY_CPU = 40;
    static final long INTERNAL_SUBERROR = 32;
    static final long INTERNAL_NDATA = 36;
    static final long INTERNAL_DATA = 40;
    static final long SYSTEM_EVENT_TYPE = 32;

    private static final int INTERNAL_DATA_WORDS = 16;

    private final MemorySegment run;

    KvmRun(MemorySegment run) {
        this.run = run;
    }

    /** Makes KVM_RUN return with EINTR at once, now or the next time, until it is cleared. Any thread. */
    public void immediateExit(boolean on) {
        run.set(ValueLayout.JAVA_BYTE, IMMEDIATE_EXIT, (byte) (on ? 1 : 0));
    }

    /** The number of the exit reason, KVM_EXIT_*. */
    public int exitReason() {
        return run.get(ValueLayout.JAVA_INT, EXIT_REASON);
    }

    /** IO: whether the guest writes. */
    public boolean ioIsWrite() {
        return run.get(ValueLayout.JAVA_BYTE, IO_DIRECTION) != 0;
    }

    /** IO: bytes of one access: 1, 2 or 4. */
    public int ioSize() {
        return run.get(ValueLayout.JAVA_BYTE, IO_SIZE) & 0xFF;
    }

    /** IO: the port. */
    public int ioPort() {
        return run.get(ValueLayout.JAVA_SHORT, IO_PORT) & 0xFFFF;
    }

    /** IO: how many accesses; more than one for REP INS and REP OUTS. */
    public int ioCount() {
        return run.get(ValueLayout.JAVA_INT, IO_COUNT);
    }

    /** IO: the n-th value, zero-extended. */
    public long ioValue(int n) {
        return value(ioAt(n), ioSize());
    }

    /** IO: answers the n-th read. */
    public void ioValue(int n, long value) {
        value(ioAt(n), ioSize(), value);
    }

    private long ioAt(int n) {
        return run.get(ValueLayout.JAVA_LONG, IO_DATA_OFFSET) + (long) n * ioSize();
    }

    /** MMIO: the guest-physical address. */
    public long mmioAddress() {
        return run.get(ValueLayout.JAVA_LONG, MMIO_PHYS_ADDR);
    }

    /** MMIO: bytes: 1 to 8; not always a power of two, for an access that crosses a page. */
    public int mmioLength() {
        return run.get(ValueLayout.JAVA_INT, MMIO_LEN);
    }

    /** MMIO: whether the guest writes. */
    public boolean mmioIsWrite() {
        return run.get(ValueLayout.JAVA_BYTE, MMIO_IS_WRITE) != 0;
    }

    /** MMIO: {@code width} bytes of the value from byte {@code at}, zero-extended; width is 1, 2, 4 or 8. */
    public long mmioValue(int at, int width) {
        return value(MMIO_DATA + at, width);
    }

    /** MMIO: answers a part of a read. */
    public void mmioValue(int at, int width, long value) {
        value(MMIO_DATA + at, width, value);
    }

    /** FAIL_ENTRY: what the processor said. */
    public long failEntryReason() {
        return run.get(ValueLayout.JAVA_LONG, FAIL_ENTRY_REASON);
    }

    /** FAIL_ENTRY: on which host processor. */
    public int failEntryCpu() {
        return run.get(ValueLayout.JAVA_INT, FAIL_ENTRY_CPU);
    }

    /** INTERNAL_ERROR: which: 1 emulation, 2 simultaneous exceptions, 3 event delivery, 4 unexpected exit reason. */
    public int internalSuberror() {
        return run.get(ValueLayout.JAVA_INT, INTERNAL_SUBERROR);
    }

    /** INTERNAL_ERROR: how many words of detail, 0 to 16. */
    public int internalWords() {
        return Math.clamp(run.get(ValueLayout.JAVA_INT, INTERNAL_NDATA), 0, INTERNAL_DATA_WORDS);
    }

    /** INTERNAL_ERROR: the n-th word of detail. */
    public long internalWord(int n) {
        return run.get(ValueLayout.JAVA_LONG, INTERNAL_DATA + 8L * n);
    }

    /** SYSTEM_EVENT: its type: 1 shutdown, 2 reset, 3 crash. */
    public int systemEventType() {
        return run.get(ValueLayout.JAVA_INT, SYSTEM_EVENT_TYPE);
    }

    private long value(long at, int width) {
        return switch (width) {
            case 1 -> run.get(ValueLayout.JAVA_BYTE, at) & 0xFFL;
            case 2 -> run.get(ValueLayout.JAVA_SHORT_UNALIGNED, at) & 0xFFFFL;
            case 4 -> run.get(ValueLayout.JAVA_INT_UNALIGNED, at) & 0xFFFFFFFFL;
            default -> run.get(ValueLayout.JAVA_LONG_UNALIGNED, at);
        };
    }

    private void value(long at, int width, long value) {
        switch (width) {
            case 1 -> run.set(ValueLayout.JAVA_BYTE, at, (byte) value);
            case 2 -> run.set(ValueLayout.JAVA_SHORT_UNALIGNED, at, (short) value);
            case 4 -> run.set(ValueLayout.JAVA_INT_UNALIGNED, at, (int) value);
            default -> run.set(ValueLayout.JAVA_LONG_UNALIGNED, at, value);
        }
    }
}
