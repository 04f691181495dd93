package ringfence.vmm.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import ringfence.vmm.plan.MemoryMap;
import ringfence.vmm.plan.MemoryMapEntry;

/**
 * {@code struct hvm_start_info} of version 1 with its module list and memory map (Xen's
 * public/arch-x86/hvm/start_info.h): {@code { uint32_t magic, version, flags, nr_modules; uint64_t modlist_paddr,
 * cmdline_paddr, rsdp_paddr, memmap_paddr; uint32_t memmap_entries, reserved; }}.
 */
final class PvhStartInfo {
    static final int SIZE = 56;
    static final int MODULE_SIZE = 32;
    static final int ENTRY_SIZE = 24;

    private static final int MAGIC = 0x336EC578;
    private static final int VERSION = 1;

    private PvhStartInfo() {}

    static void write(BootParameters p) {
        boolean module = p.initramfs().size() > 0;
        byte[] info = new byte[SIZE];
        little(info)
                .putInt(MAGIC)
                .putInt(VERSION)
                .putInt(0)
                .putInt(module ? 1 : 0)
                .putLong(module ? MemoryMap.PVH_MODULES : 0)
                .putLong(MemoryMap.CMDLINE.base())
                .putLong(p.rsdp())
                .putLong(MemoryMap.ZERO_PAGE)
                .putInt(p.map().size())
                .putInt(0);
        p.memory().write(MemoryMap.PVH_START_INFO, info);
        if (module) {
            byte[] entry = new byte[MODULE_SIZE];
            little(entry)
                    .putLong(p.initramfs().base())
                    .putLong(p.initramfs().size())
                    .putLong(0)
                    .putLong(0);
            p.memory().write(MemoryMap.PVH_MODULES, entry);
        }
        byte[] entries = new byte[p.map().size() * ENTRY_SIZE];
        ByteBuffer map = little(entries);
        for (MemoryMapEntry e : p.map()) {
            map.putLong(e.base()).putLong(e.size()).putInt(e.type()).putInt(0);
        }
        p.memory().write(MemoryMap.ZERO_PAGE, entries);
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
