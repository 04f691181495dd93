package ringfence.vmm.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.vmm.kvm.KvmSegment;
import ringfence.vmm.plan.MemoryMap;

class KernelImageTest {
    private static final int RAM = 16 << 20;
    private static final int ENTRY = 0x20_0040;
    private static final byte[] CODE = "the kernel's code".getBytes(StandardCharsets.US_ASCII);

    private final Linux linux = Linux.system();
    private final Mapping mapping = linux.memory().mapAnonymous(RAM);
    private final MemoryTable memory = MemoryTable.of(List.of(new Region(0, 0, RAM, mapping, 0, null, 0)));
    private final MemoryMap map = MemoryMap.of(RAM, 40);

    @TempDir
    Path directory;

    @AfterEach
    void unmaps() {
        mapping.close();
    }

    private static ByteBuffer little(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** An ELF file with one segment at 2 MiB, 64 bytes longer in memory, and a note of this type. */
    private static byte[] elf(int noteType) {
        byte[] file = new byte[512];
        ByteBuffer b = little(file);
        b.putInt(0, 0x464C457F)
                .put(4, (byte) 2)
                .put(5, (byte) 1)
                .putShort(16, (short) 2)
                .putShort(18, (short) 62);
        b.putLong(32, 64).putShort(54, (short) 56).putShort(56, (short) 2);
        int load = 64;
        b.putInt(load, 1).putLong(load + 8, 256).putLong(load + 24, 0x20_0000);
        b.putLong(load + 32, 128).putLong(load + 40, 192);
        int note = 64 + 56;
        b.putInt(note, 4).putLong(note + 8, 400).putLong(note + 32, 20).putLong(note + 48, 4);
        b.putInt(400, 4)
                .putInt(404, 4)
                .putInt(408, noteType)
                .putInt(412, 0x006E6558)
                .putInt(416, ENTRY);
        b.put(256, CODE);
        return file;
    }

    private static byte[] bzImage() {
        byte[] file = new byte[0x1000];
        ByteBuffer b = little(file);
        b.put(0x1F1, (byte) 1)
                .putShort(0x1FE, (short) 0xAA55)
                .put(0x200, (byte) 0xEB)
                .put(0x201, (byte) 0x66);
        b.putInt(0x202, 0x53726448).putShort(0x206, (short) 0x20F).put(0x211, (byte) 1);
        b.putInt(0x22C, 0x7FFFFFFF).putInt(0x238, 40).putLong(0x258, 0x20_0000).putInt(0x260, 0x10_0000);
        b.put(0x400, CODE);
        return file;
    }

    private String file(String name, byte[] content) throws Exception {
        return Files.write(directory.resolve(name), content).toString();
    }

    private BootState load(String kernel, Optional<String> initramfs, String line) {
        try (KernelImage image = KernelImage.open(linux, kernel)) {
            return new BootLoader(linux, memory, map).load(image, initramfs, line, MemoryMap.ACPI.base());
        }
    }

    private byte[] guest(long at, int length) {
        byte[] bytes = new byte[length];
        memory.read(at, bytes);
        return bytes;
    }

    private ByteBuffer words(long at, int length) {
        return ByteBuffer.wrap(guest(at, length)).order(ByteOrder.LITTLE_ENDIAN);
    }

    /** mov al, 1; mov dx, 0x600; out dx, al; hlt; jmp to the hlt. */
    @Test
    void aJumpToFirmwareFindsAReset() throws Exception {
        load(file("k", elf(18)), Optional.empty(), "");
        assertThat(HexFormat.of().formatHex(guest(0xF_FFF0, 9))).isEqualTo("b001ba0006eef4ebfd");
    }

    @Test
    void pvhKernelIsLoadedAndToldOfMemoryInitramfsAndAcpi() throws Exception {
        memory.write(0x20_0000 + 128, new byte[] {1, 2, 3}); // an earlier boot's leftovers in .bss
        byte[] initramfs = new byte[5000];
        new Random(1).nextBytes(initramfs);
        BootState state = load(file("k", elf(18)), Optional.of(file("i", initramfs)), "console=ttyS0");

        assertThat(state.rip()).isEqualTo(ENTRY);
        assertThat(state.rbx()).isEqualTo(MemoryMap.PVH_START_INFO);
        assertThat(guest(0x20_0000, CODE.length)).isEqualTo(CODE);
        assertThat(guest(0x20_0000 + 128, 64)).containsOnly(0);
        assertThat(guest(MemoryMap.CMDLINE.base(), 14))
                .isEqualTo("console=ttyS0\0".getBytes(StandardCharsets.US_ASCII));
        ByteBuffer info = words(state.rbx(), PvhStartInfo.SIZE);
        assertThat(info.getInt(0)).isEqualTo(0x336EC578);
        assertThat(info.getInt(12)).isOne();
        assertThat(info.getLong(32)).isEqualTo(MemoryMap.ACPI.base());
        assertThat(info.getInt(48)).isEqualTo(map.entries().size());
        ByteBuffer module = words(info.getLong(16), PvhStartInfo.MODULE_SIZE);
        assertThat(module.getLong(0) % 4096).isZero();
        assertThat(guest(module.getLong(0), (int) module.getLong(8))).isEqualTo(initramfs);
    }

    @Test
    void bzImageIsLoadedAt1MiBAndToldByTheZeroPage() throws Exception {
        BootState state = load(file("k", bzImage()), Optional.of(file("i", new byte[] {7, 7})), "quiet");

        assertThat(state.rip()).isEqualTo(0x10_0000);
        assertThat(state.rsi()).isEqualTo(MemoryMap.ZERO_PAGE);
        assertThat(guest(0x10_0000, CODE.length)).isEqualTo(CODE);
        ByteBuffer zero = words(state.rsi(), ZeroPage.SIZE);
        assertThat(zero.getInt(0x202)).isEqualTo(0x53726448);
        assertThat(zero.get(0x210) & 0xFF).isEqualTo(0xFF);
        assertThat(zero.getInt(0x228)).isEqualTo((int) MemoryMap.CMDLINE.base());
        assertThat(zero.getInt(0x21C)).isEqualTo(2);
        assertThat(guest(zero.getInt(0x218), 2)).containsExactly(7, 7);
        assertThat(zero.getLong(0x70)).isEqualTo(MemoryMap.ACPI.base());
        assertThat(zero.get(0x1E8)).isEqualTo((byte) map.entries().size());
    }

    @Test
    void theGdtHoldsTheSegmentsThatTheProcessorIsGiven() throws Exception {
        BootState state = load(file("k", elf(18)), Optional.empty(), "");
        ByteBuffer gdt = words(state.gdtBase(), 40);
        assertThat(gdt.getLong(0x10)).isEqualTo(KvmSegment.flatCode(0x10).descriptor());
        assertThat(gdt.getLong(0x18)).isEqualTo(KvmSegment.flatData(0x18).descriptor());
        assertThat(gdt.getLong(0x20)).isEqualTo(KvmSegment.tss(0x20).descriptor());
    }

    private void refused(BootException.Reason reason, String words, String path) {
        assertThatThrownBy(() -> KernelImage.open(linux, path).close())
                .isInstanceOfSatisfying(
                        BootException.class, e -> assertThat(e.reason()).isEqualTo(reason))
                .hasMessageContaining(words)
                .hasMessageNotContaining("\n");
    }

    @Test
    void whatIsNoKernelIsNamed() throws Exception {
        refused(BootException.Reason.NOT_FOUND, "not found", directory + "/none");
        refused(BootException.Reason.UNREADABLE, "directory", directory.toString());
        refused(
                BootException.Reason.NOT_A_KERNEL,
                "neither",
                file("text", "hello".getBytes(StandardCharsets.US_ASCII)));
        refused(BootException.Reason.NOT_A_KERNEL, "neither", file("empty", new byte[0]));
        refused(BootException.Reason.NO_PVH_NOTE, "CONFIG_PVH", file("nopvh", elf(17)));
        byte[] arm = elf(18);
        arm[18] = (byte) 183;
        refused(BootException.Reason.UNSUPPORTED, "machine 183", file("arm", arm));
        byte[] old = bzImage();
        old[0x206] = 2;
        refused(BootException.Reason.UNSUPPORTED, "2.02", file("old", old));
    }

    @Test
    void segmentsMustLieInTheFileAndAbove1MiB() throws Exception {
        byte[] outside = elf(18);
        ByteBuffer.wrap(outside).order(ByteOrder.LITTLE_ENDIAN).putLong(64 + 32, Long.MAX_VALUE);
        refused(BootException.Reason.NOT_A_KERNEL, "outside the file", file("outside", outside));
        byte[] low = elf(18);
        ByteBuffer.wrap(low).order(ByteOrder.LITTLE_ENDIAN).putLong(64 + 24, 0x7000);
        refused(BootException.Reason.NOT_A_KERNEL, "0x7000", file("low", low));
    }

    @Test
    void aMachineTooSmallIsToldSo() throws Exception {
        String kernel = file("k", elf(18));
        String large = file("large", new byte[RAM]);
        assertThatThrownBy(() -> load(kernel, Optional.of(large), "")).hasMessageContaining("does not fit");
        byte[] high = elf(18);
        ByteBuffer.wrap(high)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(64 + 24, RAM)
                .putInt(416, RAM);
        String beyond = file("high", high);
        assertThatThrownBy(() -> load(beyond, Optional.empty(), "")).hasMessageContaining("--memory");
    }

    @Test
    void commandLineIsChecked() throws Exception {
        String kernel = file("k", bzImage());
        assertThatThrownBy(() -> load(kernel, Optional.empty(), "x".repeat(41))).hasMessageContaining("at most 40");
        assertThatThrownBy(() -> load(kernel, Optional.empty(), "a\nb")).hasMessageContaining("0x0a");
    }

    /** Whatever bytes a file holds, opening it ends in a kernel or in one typed line. */
    @Test
    void noFileHarmsTheLoader() throws Exception {
        Random random = new Random(42);
        Path path = directory.resolve("hostile");
        for (int i = 0; i < 3000; i++) {
            byte[] bytes = i % 2 == 0 ? elf(18) : bzImage();
            int flips = 1 + random.nextInt(8);
            for (int j = 0; j < flips; j++) {
                int at = i % 2 == 0 ? random.nextInt(440) : 0x1E0 + random.nextInt(0x90);
                bytes[at] = (byte) (random.nextBoolean() ? 0xFF : random.nextInt());
            }
            Files.write(path, Arrays.copyOf(bytes, 1 + random.nextInt(bytes.length)));
            try {
                load(path.toString(), Optional.empty(), "");
            } catch (BootException e) {
                assertThat(e.getMessage()).doesNotContain("\n");
            }
        }
    }
}
