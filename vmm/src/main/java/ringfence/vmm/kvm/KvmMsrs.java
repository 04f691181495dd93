package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * {@code struct kvm_msrs { __u32 nmsrs, pad; struct kvm_msr_entry entries[]; }}, entries being {@code { __u32 index,
 * reserved; __u64 data; }}.
 */
final class KvmMsrs {
    static final long NMSRS = 0;
    static final long ENTRIES = 8;
    static final long ENTRY_SIZE = 16;
    static final long INDEX = 0;
    static final long DATA = 8;

    private KvmMsrs() {}

    static MemorySegment of(Arena arena, List<MsrValue> values) {
        MemorySegment table = arena.allocate(ENTRIES + values.size() * ENTRY_SIZE, 8);
        table.set(ValueLayout.JAVA_INT, NMSRS, values.size());
        for (int i = 0; i < values.size(); i++) {
            table.set(
                    ValueLayout.JAVA_INT,
                    ENTRIES + i * ENTRY_SIZE + INDEX,
                    values.get(i).index());
            table.set(
                    ValueLayout.JAVA_LONG,
                    ENTRIES + i * ENTRY_SIZE + DATA,
                    values.get(i).value());
        }
        return table;
    }

    static long value(MemorySegment table, int i) {
        return table.get(ValueLayout.JAVA_LONG, ENTRIES + i * ENTRY_SIZE + DATA);
    }
}
