package ringfence.vmm.kvm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * {@code struct kvm_irq_routing { __u32 nr, flags; struct kvm_irq_routing_entry entries[]; }}, entries being {@code {
 * __u32 gsi, type, flags, pad; union { struct { __u32 irqchip, pin; } irqchip; struct { __u32 address_lo, address_hi,
 * data, devid; } msi; __u32 pad[8]; } u; }}.
 */
final class KvmIrqRouting {
    static final long NR = 0;
    static final long ENTRIES = 8;
    static final long ENTRY_SIZE = 48;
    static final long GSI = 0;
    static final long TYPE = 4;
    static final long IRQCHIP = 16;
    static final long PIN = 20;
    static final long ADDRESS_LO = 16;
    static final long ADDRESS_HI = 20;
    static final long DATA = 24;

    private static final int KVM_IRQ_ROUTING_IRQCHIP = 1;
    private static final int KVM_IRQ_ROUTING_MSI = 2;
    private static final int KVM_IRQCHIP_IOAPIC = 2;

    private KvmIrqRouting() {}

    static MemorySegment of(Arena arena, List<IrqRoute> routes) {
        MemorySegment table = arena.allocate(ENTRIES + routes.size() * ENTRY_SIZE, 8);
        table.set(ValueLayout.JAVA_INT, NR, routes.size());
        long at = ENTRIES;
        for (IrqRoute route : routes) {
            table.set(ValueLayout.JAVA_INT, at + GSI, route.gsi());
            if (route instanceof IrqRoute.IoApicPin pin) {
                table.set(ValueLayout.JAVA_INT, at + TYPE, KVM_IRQ_ROUTING_IRQCHIP);
                table.set(ValueLayout.JAVA_INT, at + IRQCHIP, KVM_IRQCHIP_IOAPIC);
                table.set(ValueLayout.JAVA_INT, at + PIN, pin.pin());
            } else if (route instanceof IrqRoute.Msi msi) {
                table.set(ValueLayout.JAVA_INT, at + TYPE, KVM_IRQ_ROUTING_MSI);
                table.set(ValueLayout.JAVA_INT, at + ADDRESS_LO, (int) msi.address());
                table.set(ValueLayout.JAVA_INT, at + ADDRESS_HI, (int) (msi.address() >>> 32));
                table.set(ValueLayout.JAVA_INT, at + DATA, msi.data());
            }
            at += ENTRY_SIZE;
        }
        return table;
    }
}
