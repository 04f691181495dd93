package ringfence.vmm.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import ringfence.vmm.plan.MemoryMap;
import ringfence.vmm.plan.MemoryMapEntry;

/** {@code struct boot_params}, the zero page of Linux's boot protocol (the kernel's arch/x86/zero-page.rst). */
final class ZeroPage {
    static final int SIZE = 4096;
    static final int ACPI_RSDP_ADDR = 0x70;
    static final int E820_ENTRIES = 0x1E8;
    static final int E820_TABLE = 0x2D0;
    static final int E820_MAX = 128;
    static final int E820_SIZE = 20;

    private static final int LOADER_UNDEFINED = 0xFF;
    private static final int VIDEO_NORMAL = 0xFFFF;

    private ZeroPage() {}

    /** @param head the first 0x300 bytes of the bzImage */
    static byte[] of(ByteBuffer head, BootParameters p) {
        ByteBuffer page = ByteBuffer.allocate(SIZE).order(ByteOrder.LITTLE_ENDIAN);
        int end = SetupHeader.HEADER + (head.get(SetupHeader.JUMP) & 0x7F);
        page.put(SetupHeader.SETUP_SECTS, head, SetupHeader.SETUP_SECTS, end - SetupHeader.SETUP_SECTS);
        page.put(SetupHeader.TYPE_OF_LOADER, (byte) LOADER_UNDEFINED);
        page.putShort(SetupHeader.VID_MODE, (short) VIDEO_NORMAL);
        page.putInt(SetupHeader.CODE32_START, (int) MemoryMap.HIGH_RAM);
        page.putInt(SetupHeader.CMD_LINE_PTR, (int) MemoryMap.CMDLINE.base());
        page.putLong(SetupHeader.SETUP_DATA, 0);
        page.putInt(SetupHeader.RAMDISK_IMAGE, (int) p.initramfs().base());
        page.putInt(SetupHeader.RAMDISK_SIZE, (int) p.initramfs().size());
        page.putLong(ACPI_RSDP_ADDR, p.rsdp()); // read from 2.14 on, ignored before
        List<MemoryMapEntry> map = p.map();
        if (map.size() > E820_MAX) {
            throw new IllegalArgumentException(
                    "memory map of " + map.size() + " entries, the zero page has room for 128");
        }
        page.put(E820_ENTRIES, (byte) map.size());
        page.position(E820_TABLE);
        for (MemoryMapEntry e : map) {
            page.putLong(e.base()).putLong(e.size()).putInt(e.type());
        }
        return page.array();
    }
}
