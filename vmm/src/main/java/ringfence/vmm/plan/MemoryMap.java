package ringfence.vmm.plan;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The physical address space of a machine.
 *
 * <pre>
 *   0                 RAM, with the places that boot and firmware tables use (below)
 *   0x000A_0000       EBDA: RSDP and the ACPI tables
 *   0x000F_0000       SMBIOS: the entry point and the tables
 *   0x000F_FFF0       what a jump to firmware finds: a reset
 *   0x0010_0000       RAM, up to 3 GiB
 *   0xC000_0000       640 MiB for 32-bit PCI BARs, up to the ECAM; each segment has its share
 *   0xE800_0000       256 MiB for PCI configuration (ECAM): 1 MiB, one bus, for each segment
 *   0xF800_0000       KVM's TSS (3 pages) and identity map (1 page)
 *   0xFEC0_0000       I/O APIC;  0xFEE0_0000 LAPICs
 *   4 GiB             RAM above the hole, then room for RAM that is plugged in later
 *   above             64-bit PCI BARs, up to the end less 64 KiB and 1 MiB; each segment has its share
 *   end - 1 MiB - 64 KiB   platform devices (hot-plug controllers), allocated downwards
 *   end = 2^phys-bits
 * </pre>
 *
 * @param ram what is there at start, ascending; the first begins at 0
 * @param hotplug where RAM may be plugged in; may be empty
 * @param mmio32 32-bit PCI BARs
 * @param mmio64 64-bit PCI BARs
 * @param platform platform devices
 * @param physBits width of a physical address, 32 to 52
 */
public record MemoryMap(
        List<AddressRange> ram,
        AddressRange hotplug,
        AddressRange mmio32,
        AddressRange mmio64,
        AddressRange platform,
        int physBits) {
    /** A page. */
    public static final long PAGE = 4096;

    /** Where the boot loader's GDT is. */
    public static final long GDT = 0x500;
    /** {@code hvm_start_info}. */
    public static final long PVH_START_INFO = 0x6000;
    /** PVH modules. */
    public static final long PVH_MODULES = 0x6040;
    /** PVH memory map, or Linux's zero page: one page. */
    public static final long ZERO_PAGE = 0x7000;
    /** Top of the boot stack. */
    public static final long BOOT_STACK = 0x8FF0;
    /** Kernel command line. */
    public static final AddressRange CMDLINE = new AddressRange(0x2_0000, 0x1_0000);
    /** RSDP, followed by the ACPI tables. */
    public static final AddressRange ACPI = new AddressRange(0xA_0000, 0x5_0000);
    /** SMBIOS' entry point, followed by its tables; Linux looks at every 16 bytes of it. */
    public static final AddressRange SMBIOS = new AddressRange(0xF_0000, 0xFFF0);
    /** Where a processor in real mode finds firmware's entry: the last 16 bytes below 1 MiB. */
    public static final AddressRange RESET_VECTOR = new AddressRange(0xF_FFF0, 0x10);
    /** From here on kernels are loaded. */
    public static final long HIGH_RAM = 0x10_0000;
    /** PCI configuration space, memory-mapped. */
    public static final AddressRange ECAM = new AddressRange(0xE800_0000L, 0x1000_0000);
    /** One bus of {@link #ECAM}: a segment has one. */
    public static final long ECAM_BUS = 0x10_0000;
    /** KVM_SET_TSS_ADDR: three pages. */
    public static final AddressRange KVM_TSS = new AddressRange(0xF800_0000L, 3 * PAGE);
    /** KVM_SET_IDENTITY_MAP_ADDR: one page. */
    public static final AddressRange KVM_IDENTITY_MAP = new AddressRange(KVM_TSS.end(), PAGE);
    /** I/O APIC. */
    public static final AddressRange IOAPIC = new AddressRange(0xFEC0_0000L, PAGE);
    /** LAPICs. */
    public static final AddressRange LAPIC = new AddressRange(0xFEE0_0000L, PAGE);

    private static final long HOLE = 0xC000_0000L;
    private static final long HOLE_END = 1L << 32;
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;
    private static final long LEAST_RAM = 2 * MIB;
    private static final long TOP_RESERVED = 0x1_0000;
    private static final long HOTPLUG_ALIGNMENT = 128 * MIB;

    /** Copies the list. */
    public MemoryMap {
        ram = List.copyOf(ram);
    }

    /** A machine without room for more RAM. See {@link #of(long, long, int)}. */
    public static MemoryMap of(long ramSize, int physBits) {
        return of(ramSize, 0, physBits);
    }

    /**
     * A machine's map.
     *
     * @param ramSize bytes, whole pages, at least 2 MiB
     * @param hotplugSize bytes that may be plugged in later, whole pages
     * @param physBits width of a physical address, 36 to 52
     * @throws PlanException what does not fit, in one line
     */
    public static MemoryMap of(long ramSize, long hotplugSize, int physBits) {
        if (ramSize < LEAST_RAM || ramSize % PAGE != 0 || hotplugSize < 0 || hotplugSize % PAGE != 0) {
            throw new PlanException("memory of " + ramSize + " bytes, and " + hotplugSize
                    + " to be plugged in: whole pages, and at least 2 MiB at start");
        }
        if (physBits < 36 || physBits > 52) {
            throw new PlanException("a physical address of " + physBits + " bits: 36 to 52 are possible");
        }
        long end = 1L << physBits;
        AddressRange platform = new AddressRange(end - TOP_RESERVED - MIB, MIB);
        long low = Math.min(ramSize, HOLE);
        long high = ramSize - low;
        List<AddressRange> ram = new ArrayList<>();
        ram.add(new AddressRange(0, low));
        long next = HOLE_END;
        if (high > 0) {
            if (high > platform.base() - next) {
                throw tooMuch(ramSize, hotplugSize, physBits);
            }
            ram.add(new AddressRange(next, high));
            next += high;
        }
        long hotplugBase = roundUp(next, HOTPLUG_ALIGNMENT);
        if (hotplugSize > platform.base() - hotplugBase) {
            throw tooMuch(ramSize, hotplugSize, physBits);
        }
        AddressRange hotplug = new AddressRange(hotplugBase, hotplugSize);
        long mmioBase = roundUp(hotplug.end(), GIB);
        if (mmioBase + GIB > platform.base()) {
            throw tooMuch(ramSize, hotplugSize, physBits);
        }
        return new MemoryMap(
                ram,
                hotplug,
                new AddressRange(HOLE, ECAM.base() - HOLE),
                new AddressRange(mmioBase, platform.base() - mmioBase),
                platform,
                physBits);
    }

    private static PlanException tooMuch(long ramSize, long hotplugSize, int physBits) {
        return new PlanException("memory of " + (ramSize >> 20) + " MiB, and " + (hotplugSize >> 20)
                + " MiB to be plugged in, do not fit into a physical address of " + physBits + " bits");
    }

    private static long roundUp(long value, long alignment) {
        return (value + alignment - 1) / alignment * alignment;
    }

    /** The register of the event device: one byte, in a page of its own. */
    public AddressRange eventRegister() {
        return new AddressRange(platform.end() - PAGE, 1);
    }

    /** The registers of the PCI hot-plug controller, in a page of their own. */
    public AddressRange hotPlugRegisters() {
        return new AddressRange(platform.end() - 2 * PAGE, 16);
    }

    /**
     * What a PCI segment has of it.
     *
     * @param ecam its configuration space, {@link #ECAM_BUS} bytes
     * @param below4Gib its 32-bit BARs, whole MiB
     * @param above4Gib its 64-bit BARs, whole GiB
     */
    public record Segment(AddressRange ecam, AddressRange below4Gib, AddressRange above4Gib) {}

    /** So many PCI segments, each with as much as the others. See {@link #segments(List, List)}. */
    public List<Segment> segments(int count) {
        List<Integer> even = Collections.nCopies(count, 1);
        return segments(even, even);
    }

    /**
     * PCI segments, by number.
     *
     * @param weights32 each one's part of the 32-bit BARs' addresses, 1 to 256 of them, each at least 1; all together at most
     *     2^31 - 1
     * @param weights64 of the 64-bit BARs' addresses, as many
     * @throws PlanException if there is less than 1 GiB of addresses for the 64-bit BARs of each, or 1 MiB for the others
     */
    public List<Segment> segments(List<Integer> weights32, List<Integer> weights64) {
        int count = weights32.size();
        if (mmio64.size() / count < GIB) {
            throw new PlanException(count + " PCI segments do not fit beside " + (ramSize() >> 20)
                    + " MiB of memory into a physical address of " + physBits + " bits: give "
                    + mmio64.size() / GIB + " at most");
        }
        List<AddressRange> below = shares(mmio32, weights32, MIB);
        List<AddressRange> above = shares(mmio64, weights64, GIB);
        List<Segment> segments = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            if (below.get(i).size() == 0 || above.get(i).size() == 0) {
                throw new PlanException("PCI segment " + i + " has no addresses for 32-bit or for 64-bit BARs beside"
                        + " segments of so much larger a weight: give it more, or them less");
            }
            segments.add(
                    new Segment(new AddressRange(ECAM.base() + i * ECAM_BUS, ECAM_BUS), below.get(i), above.get(i)));
        }
        return segments;
    }

    /** In whole units; one alone has all of it. */
    private static List<AddressRange> shares(AddressRange whole, List<Integer> weights, long unit) {
        if (weights.size() == 1) {
            return List.of(whole);
        }
        long sum = weights.stream().mapToLong(Integer::longValue).sum();
        List<AddressRange> shares = new ArrayList<>();
        long base = whole.base();
        for (int weight : weights) {
            long size = Math.multiplyExact(whole.size() / unit, weight) / sum * unit;
            shares.add(new AddressRange(base, size));
            base += size;
        }
        return shares;
    }

    /** The part of RAM below the hole. */
    public AddressRange lowRam() {
        return ram.getFirst();
    }

    /** Bytes of RAM. */
    public long ramSize() {
        return ram.stream().mapToLong(AddressRange::size).sum();
    }

    /**
     * The map as a kernel is told of it at boot (E820, PVH), ascending: RAM without the EBDA and what follows it below
     * 1 MiB, the ACPI tables, and what is reserved, such as SMBIOS.
     */
    public List<MemoryMapEntry> entries() {
        List<MemoryMapEntry> entries = new ArrayList<>();
        entries.add(MemoryMapEntry.ram(0, ACPI.base()));
        entries.add(MemoryMapEntry.acpi(ACPI.base(), ACPI.size()));
        entries.add(MemoryMapEntry.reserved(ACPI.end(), HIGH_RAM - ACPI.end()));
        entries.add(MemoryMapEntry.ram(HIGH_RAM, lowRam().end() - HIGH_RAM));
        entries.add(MemoryMapEntry.reserved(ECAM.base(), ECAM.size()));
        entries.add(MemoryMapEntry.reserved(KVM_TSS.base(), KVM_IDENTITY_MAP.end() - KVM_TSS.base()));
        for (AddressRange range : ram.subList(1, ram.size())) {
            entries.add(MemoryMapEntry.ram(range.base(), range.size()));
        }
        return entries;
    }
}
