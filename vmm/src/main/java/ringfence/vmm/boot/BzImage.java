package ringfence.vmm.boot;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import ringfence.vmm.plan.MemoryMap;

/**
 * A compressed kernel as distributions ship it, entered by Linux's 32-bit boot protocol (the kernel's
 * Documentation/arch/x86/boot.rst): its protected-mode part goes to 1 MiB, the zero page says the rest.
 */
final class BzImage extends KernelImage {
    private static final int SECTOR = 512;
    /** Enough for the setup header of every protocol version; a jump over it is at most 127 bytes long. */
    private static final int HEAD = 0x300;

    private static final int BOOT_FLAG = 0xAA55;
    private static final int HDRS = 0x53726448;
    /** 2.10, Linux 2.6.31: the first with pref_address and init_size. */
    private static final int LEAST_VERSION = 0x20A;

    private static final int LOADED_HIGH = 1;
    private static final int DEFAULT_SETUP_SECTORS = 4;

    private final ByteBuffer head;
    private final LoadSegment image;

    private BzImage(BootFile file, ByteBuffer head, LoadSegment image) {
        super(file);
        this.head = head;
        this.image = image;
    }

    static boolean recognizes(BootFile file) {
        if (file.size() < HEAD) {
            return false;
        }
        ByteBuffer head = head(file);
        return (head.getShort(SetupHeader.BOOT_FLAG) & 0xFFFF) == BOOT_FLAG && head.getInt(SetupHeader.HEADER) == HDRS;
    }

    private static ByteBuffer head(BootFile file) {
        return ByteBuffer.wrap(file.read(0, HEAD)).order(ByteOrder.LITTLE_ENDIAN);
    }

    static BzImage parse(BootFile file) {
        ByteBuffer head = head(file);
        int version = head.getShort(SetupHeader.VERSION) & 0xFFFF;
        if (version < LEAST_VERSION || (head.get(SetupHeader.LOADFLAGS) & LOADED_HIGH) == 0) {
            throw new BootException(
                    BootException.Reason.UNSUPPORTED,
                    "%s speaks version %d.%02d of the Linux boot protocol, 2.10 (Linux 2.6.31) is the oldest supported"
                            .formatted(file.path(), version >> 8, version & 0xFF));
        }
        int sectors = head.get(SetupHeader.SETUP_SECTS) & 0xFF;
        long setup = ((sectors == 0 ? DEFAULT_SETUP_SECTORS : sectors) + 1L) * SECTOR;
        long size = file.size() - setup;
        if (size <= 0) {
            throw damaged(file, "it ends before its protected-mode part");
        }
        LoadSegment image = new LoadSegment(setup, size, MemoryMap.HIGH_RAM, size);
        checkSegment(file, image);
        return new BzImage(file, head, image);
    }

    @Override
    List<LoadSegment> segments() {
        return List.of(image);
    }

    @Override
    long guestEnd() {
        // it unpacks itself there, or where it was loaded if that is higher
        long start = Math.max(head.getLong(SetupHeader.PREF_ADDRESS), MemoryMap.HIGH_RAM);
        long unpacked = start + Integer.toUnsignedLong(head.getInt(SetupHeader.INIT_SIZE));
        return start > 1L << 32 ? image.guestEnd() : Math.max(unpacked, image.guestEnd());
    }

    @Override
    long initramfsLimit() {
        return Integer.toUnsignedLong(head.getInt(SetupHeader.INITRD_ADDR_MAX));
    }

    @Override
    int commandLineLimit() {
        long limit = Integer.toUnsignedLong(head.getInt(SetupHeader.CMDLINE_SIZE));
        return (int) Math.min(limit, MemoryMap.CMDLINE.size() - 1);
    }

    @Override
    BootState handOver(BootParameters parameters) {
        parameters.memory().write(MemoryMap.ZERO_PAGE, ZeroPage.of(head, parameters));
        return new BootState(
                BootState.Protocol.LINUX_32,
                image.guestAddress(),
                0,
                MemoryMap.ZERO_PAGE,
                MemoryMap.BOOT_STACK,
                MemoryMap.GDT);
    }
}
