package ringfence.vmm.kvm;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * A segment register with its hidden part: {@code struct kvm_segment { __u64 base; __u32 limit; __u16 selector; __u8
 * type, present, dpl, db, s, l, g, avl, unusable, padding; }}.
 *
 * @param limit in bytes, whatever the granularity
 * @param type the four type bits of the descriptor; bit 0 is "accessed", which VMX demands of code and data
 * @param db default operand size: 1 for 32 bits
 * @param s 1 for code and data, 0 for system segments
 * @param l 1 for 64-bit code
 * @param g limit in pages
 */
public record KvmSegment(
        long base, int limit, int selector, int type, int present, int dpl, int db, int s, int l, int g, int unusable) {
    static final long SIZE = 24;
    static final long BASE = 0;
    static final long LIMIT = 8;
    static final long SELECTOR = 12;
    static final long TYPE = 14;
    static final long PRESENT = 15;
    static final long DPL = 16;
    static final long DB = 17;
    static final long S = 18;
    static final long L = 19;
    static final long G = 20;
    static final long AVL = 21;
    static final long UNUSABLE = 22;

    /** Flat 32-bit code, execute and read. */
    public static KvmSegment flatCode(int selector) {
        return new KvmSegment(0, 0xFFFFFFFF, selector, 0xB, 1, 0, 1, 1, 0, 1, 0);
    }

    /** Flat 32-bit data, read and write. */
    public static KvmSegment flatData(int selector) {
        return new KvmSegment(0, 0xFFFFFFFF, selector, 0x3, 1, 0, 1, 1, 0, 1, 0);
    }

    /** A busy 32-bit TSS at 0 of the least size, as PVH and VMX want it. */
    public static KvmSegment tss(int selector) {
        return new KvmSegment(0, 0x67, selector, 0xB, 1, 0, 0, 0, 0, 0, 0);
    }

    /** The same as a descriptor of a GDT: Intel SDM volume 3, 3.4.5. */
    public long descriptor() {
        long bytes = Integer.toUnsignedLong(limit);
        long scaled = g == 1 ? bytes >>> 12 : bytes;
        return (base & 0xFF000000L) << 32
                | (base & 0xFFFFFFL) << 16
                | scaled & 0xFFFF
                | (scaled >>> 16 & 0xF) << 48
                | (long) (g << 7 | db << 6 | l << 5) << 48
                | (long) (present << 7 | dpl << 5 | s << 4 | type) << 40;
    }

    void write(MemorySegment to, long at) {
        to.set(ValueLayout.JAVA_LONG, at + BASE, base);
        to.set(ValueLayout.JAVA_INT, at + LIMIT, limit);
        to.set(ValueLayout.JAVA_SHORT, at + SELECTOR, (short) selector);
        to.set(ValueLayout.JAVA_BYTE, at + TYPE, (byte) type);
        to.set(ValueLayout.JAVA_BYTE, at + PRESENT, (byte) present);
        to.set(ValueLayout.JAVA_BYTE, at + DPL, (byte) dpl);
        to.set(ValueLayout.JAVA_BYTE, at + DB, (byte) db);
        to.set(ValueLayout.JAVA_BYTE, at + S, (byte) s);
        to.set(ValueLayout.JAVA_BYTE, at + L, (byte) l);
        to.set(ValueLayout.JAVA_BYTE, at + G, (byte) g);
        to.set(ValueLayout.JAVA_BYTE, at + AVL, (byte) 0);
        to.set(ValueLayout.JAVA_BYTE, at + UNUSABLE, (byte) unusable);
    }

    static KvmSegment read(MemorySegment from, long at) {
        return new KvmSegment(
                from.get(ValueLayout.JAVA_LONG, at + BASE),
                from.get(ValueLayout.JAVA_INT, at + LIMIT),
                from.get(ValueLayout.JAVA_SHORT, at + SELECTOR) & 0xFFFF,
                from.get(ValueLayout.JAVA_BYTE, at + TYPE),
                from.get(ValueLayout.JAVA_BYTE, at + PRESENT),
                from.get(ValueLayout.JAVA_BYTE, at + DPL),
                from.get(ValueLayout.JAVA_BYTE, at + DB),
                from.get(ValueLayout.JAVA_BYTE, at + S),
                from.get(ValueLayout.JAVA_BYTE, at + L),
                from.get(ValueLayout.JAVA_BYTE, at + G),
                from.get(ValueLayout.JAVA_BYTE, at + UNUSABLE));
    }
}
