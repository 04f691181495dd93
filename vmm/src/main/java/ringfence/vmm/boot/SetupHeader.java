package ringfence.vmm.boot;

/** Offsets in {@code struct setup_header} as it lies in a bzImage and in the zero page (boot.rst). */
final class SetupHeader {
    static final int SETUP_SECTS = 0x1F1;
    static final int VID_MODE = 0x1FA;
    static final int BOOT_FLAG = 0x1FE;
    /** The byte after the short jump's opcode: where the header ends, counted from {@link #HEADER}. */
    static final int JUMP = 0x201;

    static final int HEADER = 0x202;
    static final int VERSION = 0x206;
    static final int TYPE_OF_LOADER = 0x210;
    static final int LOADFLAGS = 0x211;
    static final int CODE32_START = 0x214;
    static final int RAMDISK_IMAGE = 0x218;
    static final int RAMDISK_SIZE = 0x21C;
    static final int CMD_LINE_PTR = 0x228;
    static final int INITRD_ADDR_MAX = 0x22C;
    static final int CMDLINE_SIZE = 0x238;
    static final int SETUP_DATA = 0x250;
    static final int PREF_ADDRESS = 0x258;
    static final int INIT_SIZE = 0x260;

    private SetupHeader() {}
}
