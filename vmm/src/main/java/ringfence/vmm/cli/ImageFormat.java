package ringfence.vmm.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import ringfence.linux.Fd;
import ringfence.linux.Files;

/** What an image seems to be by its first bytes, or its last: one that is no raw image would be served as if it were one. */
final class ImageFormat {
    private static final int MAGIC = 8;
    /** Of a VHD whose size is fixed: the image itself, and then a sector that says what it is. */
    private static final int FOOTER = 512;

    private static final int VMDK_DESCRIPTOR = 21;

    private ImageFormat() {}

    /**
     * Its name.
     *
     * @param image open for reading
     * @param size bytes
     * @return qcow2, vhdx, vhd or vmdk; empty: nothing that is known, so it is raw
     */
    static String of(Files files, Fd image, long size) {
        String first = text(files, image, 0, VMDK_DESCRIPTOR);
        if (first.startsWith("QFI\u00fb")) {
            return "qcow2";
        } else if (first.startsWith("vhdxfile")) {
            return "vhdx";
        } else if (first.startsWith("KDMV") || first.startsWith("# Disk DescriptorFile")) {
            return "vmdk";
        }
        boolean vhd = first.startsWith("conectix")
                || size >= FOOTER && text(files, image, size - FOOTER, MAGIC).equals("conectix");
        return vhd ? "vhd" : "";
    }

    private static String text(Files files, Fd image, long at, int bytes) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(bytes);
            long read = Math.max(0, files.tryRead(image, memory, 0, bytes, at));
            byte[] found = new byte[(int) read];
            MemorySegment.copy(memory, 0, MemorySegment.ofArray(found), 0, read);
            return new String(found, StandardCharsets.ISO_8859_1);
        }
    }
}
