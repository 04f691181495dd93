package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code struct kvm_cpuid2 { __u32 nent, padding; struct kvm_cpuid_entry2 entries[]; }}, entries being
 * {@code { __u32 function, index, flags, eax, ebx, ecx, edx, padding[3]; }}.
 */
final class KvmCpuid2 {
    static final long NENT = 0;
    static final long ENTRIES = 8;
    static final long ENTRY_SIZE = 40;
    static final long FUNCTION = 0;
    static final long INDEX = 4;
    static final long FLAGS = 8;
    static final long EAX = 12;
    static final long EBX = 16;
    static final long ECX = 20;
    static final long EDX = 24;

    private KvmCpuid2() {}

    /** An empty table with room for that many entries, which {@code nent} says. */
    static MemorySegment allocate(Arena arena, int entries) {
        MemorySegment table = arena.allocate(ENTRIES + entries * ENTRY_SIZE, 8);
        table.set(ValueLayout.JAVA_INT, NENT, entries);
        return table;
    }

    static MemorySegment of(Arena arena, List<CpuidEntry> entries) {
        MemorySegment table = allocate(arena, entries.size());
        long at = ENTRIES;
        for (CpuidEntry e : entries) {
            table.set(ValueLayout.JAVA_INT, at + FUNCTION, e.function());
            table.set(ValueLayout.JAVA_INT, at + INDEX, e.index());
            table.set(ValueLayout.JAVA_INT, at + FLAGS, e.flags());
            table.set(ValueLayout.JAVA_INT, at + EAX, e.eax());
            table.set(ValueLayout.JAVA_INT, at + EBX, e.ebx());
            table.set(ValueLayout.JAVA_INT, at + ECX, e.ecx());
            table.set(ValueLayout.JAVA_INT, at + EDX, e.edx());
            at += ENTRY_SIZE;
        }
        return table;
    }

    static List<CpuidEntry> read(MemorySegment table) {
        int count = table.get(ValueLayout.JAVA_INT, NENT);
        List<CpuidEntry> entries = new ArrayList<>(count);
        for (int i = 0; i < count; i++) {
            long at = ENTRIES + i * ENTRY_SIZE;
            entries.add(new CpuidEntry(
                    table.get(ValueLayout.JAVA_INT, at + FUNCTION),
                    table.get(ValueLayout.JAVA_INT, at + INDEX),
                    table.get(ValueLayout.JAVA_INT, at + FLAGS),
                    table.get(ValueLayout.JAVA_INT, at + EAX),
                    table.get(ValueLayout.JAVA_INT, at + EBX),
                    table.get(ValueLayout.JAVA_INT, at + ECX),
                    table.get(ValueLayout.JAVA_INT, at + EDX)));
        }
        return entries;
    }
}
