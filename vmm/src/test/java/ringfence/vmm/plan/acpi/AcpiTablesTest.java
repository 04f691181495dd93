package ringfence.vmm.plan.acpi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AcpiTablesTest {
    private static final AcpiPlan.PciRoot ROOT = root(0, 0x2800_0000L, 0x3F_0000_0000L);
    private static final AcpiPlan.Events EVENTS =
            new AcpiPlan.Events(16, new AcpiPlan.Window(0xFF_FFFE_F000L, 1), new AcpiPlan.Window(0xFF_FFFE_E000L, 16));

    @TempDir
    Path directory;

    /** ACPI 6.5, 5.2.5 and 5.2.6: each structure's bytes add up to zero, and each is found from the RSDP. */
    @Test
    void everyTableIsReachedFromTheRsdpAndItsBytesAddUpToZero() {
        Map<String, byte[]> tables = tables(4);
        assertThat(tables.keySet()).containsExactly("FACP", "APIC", "MCFG", "DSDT");
        assertThat(tables.values()).allSatisfy(table -> assertThat(sum(table)).isZero());
    }

    /** 5.2.12: one processor structure a vCPU, in their order; ids above 254 as x2APIC. */
    @Test
    void madtListsEveryProcessor() {
        assertThat(tables(1).get("APIC")).hasSize(44 + 8 + 12 + 6);
        assertThat(tables(300).get("APIC")).hasSize(44 + 255 * 8 + 45 * 16 + 12 + 6 + 12);
    }

    /** PCI Firmware 3.3, 4.1.2: a base, a segment and its buses each. */
    @Test
    void mcfgNamesTheConfigurationSpaceOfEverySegment() {
        ByteBuffer mcfg = ByteBuffer.wrap(tables(1, 3).get("MCFG")).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(mcfg.capacity()).isEqualTo(44 + 3 * 16);
        for (int i = 0; i < 3; i++) {
            assertThat(mcfg.getLong(44 + 16 * i)).isEqualTo(0xE800_0000L + (i << 20));
            assertThat(mcfg.getShort(52 + 16 * i)).isEqualTo((short) i);
            assertThat(mcfg.getShort(54 + 16 * i)).as("buses 0 to 0").isZero();
        }
    }

    /** As many as there may be fit; each has its root, its windows and all of its slots, but for the host bridge's. */
    @Test
    void everySegmentHasARootOfItsOwn() throws Exception {
        Path file = directory.resolve("dsdt.dat");
        Files.write(file, tables(1, 96).get("DSDT"));
        assertThat(iasl("-d", file.toString())).doesNotContain("Error", "Warning", "Invalid");
        String source = Files.readString(directory.resolve("dsdt.dsl"))
                .replaceAll("/\\*.*?\\*/|//.*", "")
                .replaceAll("\\s+", " ");
        assertThat(iasl(directory.resolve("dsdt.dsl").toString())).contains("0 Errors, 0 Warnings");
        assertThat(source)
                .contains("Device (PC5F)", "Name (_UID, 0x5F)", "Name (_SEG, 0x5F)")
                .contains("\\_SB.PC5F.PCNT ()", "\\_SB.PHPR.PSEG = 0x5F")
                .contains("\\_SB.PHPR.PCEJ (0x1F, 0x5F)")
                .contains("0xEDF00000");
        assertThat(source.split("Device \\(S000\\)", -1)).hasSize(96);
        assertThat(source.split("Device \\(S031\\)", -1)).hasSize(97);
        assertThat(source.split("DWordMemory ", -1)).hasSize(97);
        assertThat(source.split("WordIO ", -1)).as("of the first alone").hasSize(3);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 4, 300})
    void iaslDisassemblesAndCompilesEveryTableWithoutAWarning(int vcpus) throws Exception {
        for (Map.Entry<String, byte[]> table : tables(vcpus).entrySet()) {
            Path file = directory.resolve(table.getKey() + ".dat");
            Files.write(file, table.getValue());
            assertThat(iasl("-d", file.toString())).doesNotContain("Error", "Warning", "Invalid");
            Path source = directory.resolve(table.getKey() + ".dsl");
            String compiled = iasl(source.toString());
            if (table.getKey().equals("DSDT")) {
                assertThat(compiled).contains("0 Errors, 0 Warnings");
            }
            assertThat(compiled).doesNotContain("Error   ", "Warning ");
        }
    }

    @Test
    void dsdtNamesWhatTheGuestNeeds() throws Exception {
        Path file = directory.resolve("dsdt.dat");
        Files.write(file, tables(1).get("DSDT"));
        iasl("-d", file.toString());
        assertThat(Files.readString(directory.resolve("dsdt.dsl")))
                .contains(
                        "Device (PC00)",
                        "PNP0A08",
                        "Device (MBRD)",
                        "Device (COM1)",
                        "PNP0501",
                        "Device (RTC0)",
                        "PNP0B00",
                        "_S5")
                .contains("0xC0000000", "0xE7FFFFFF")
                .contains("0x0000000100000000", "0x0000003FFFFFFFFF");
    }

    @Test
    void aMachineWithoutASerialPortTellsOfNone() {
        AcpiTables tables = AcpiTables.build(AcpiPlan.of(List.of(0), List.of(ROOT), EVENTS, false));
        assertThat(new String(tables.bytes(), StandardCharsets.ISO_8859_1))
                .contains("RTC0")
                .doesNotContain("COM1");
    }

    /** 5.6.9 and 6.3: the event device looks what has happened, and tells slots and the power button of it. */
    @Test
    void eventsReachTheirDevices() throws Exception {
        Path file = directory.resolve("dsdt.dat");
        Files.write(file, tables(1).get("DSDT"));
        iasl("-d", file.toString());
        String source = Files.readString(directory.resolve("dsdt.dsl"))
                .replaceAll("/\\*.*?\\*/|//.*", "")
                .replaceAll("\\s+", " ");
        assertThat(source)
                .contains("Name (_HID, \"ACPI0013\"", "Interrupt (ResourceConsumer, Level, ActiveHigh, Exclusive")
                .contains("OperationRegion (GEDR, SystemMemory, 0x000000FFFFFEF000, One)")
                .contains("OperationRegion (PCST, SystemMemory, 0x000000FFFFFEE000, 0x10)")
                .contains("Field (GEDR, ByteAcc, NoLock, WriteAsZeros) { GDAT, 8 }")
                .contains("Field (PCST, DWordAcc, NoLock, WriteAsZeros) { PCIU, 32, PCID, 32, B0EJ, 32, PSEG, 32 }")
                .contains("Method (_EVT, 1, Serialized) { Local0 = GDAT "
                        + "If ((Local0 & 0x04)) { \\_SB.PHPR.PSCN () } "
                        + "If ((Local0 & 0x08)) { Notify (\\_SB.PWRB, 0x80) } }")
                .contains("Method (PCEJ, 2, Serialized) { Acquire (BLCK, 0xFFFF) PSEG = Arg1 B0EJ = (One << Arg0) "
                        + "Release (BLCK) }")
                .contains("Method (PCNT, 0, Serialized) { Acquire (\\_SB.PHPR.BLCK, 0xFFFF) \\_SB.PHPR.PSEG = Zero "
                        + "Local0 = \\_SB.PHPR.PCIU DVNT (Local0, One) "
                        + "Local0 = \\_SB.PHPR.PCID DVNT (Local0, 0x03) "
                        + "Release (\\_SB.PHPR.BLCK) }")
                .contains("Device (S031) { Name (_SUN, 0x1F) Name (_ADR, 0x001F0000) "
                        + "Method (_EJ0, 1, Serialized) { \\_SB.PHPR.PCEJ (0x1F, Zero) } }")
                .contains("If ((Arg0 & 0x80000000)) { Notify (S031, Arg1) }")
                .contains("Name (_HID, EisaId (\"PNP0C0C\")")
                .doesNotContain("Device (S000)");
    }

    @Test
    void tablesThatDoNotFitAreRefused() {
        List<Integer> many = IntStream.range(0, 1 << 15).boxed().toList();
        assertThatThrownBy(() -> AcpiTables.build(AcpiPlan.of(many, List.of(ROOT), EVENTS, true)))
                .hasMessageContaining("limit 0xf0000");
    }

    private static String iasl(String... arguments) throws IOException, InterruptedException {
        String[] command = new String[arguments.length + 1];
        command[0] = "iasl"; // Debian package acpica-tools
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        return output;
    }

    private static AcpiPlan.PciRoot root(int number, long below4Gib, long above4Gib) {
        return new AcpiPlan.PciRoot(
                number,
                0xE800_0000L + (number << 20),
                new AcpiPlan.Window(0xC000_0000L + number * below4Gib, below4Gib),
                new AcpiPlan.Window(0x1_0000_0000L + number * above4Gib, above4Gib));
    }

    private static Map<String, byte[]> tables(int vcpus) {
        return tables(vcpus, List.of(ROOT));
    }

    private static Map<String, byte[]> tables(int vcpus, int segments) {
        return tables(
                vcpus,
                IntStream.range(0, segments)
                        .mapToObj(i -> root(i, 0x60_0000L, 0x4000_0000L))
                        .toList());
    }

    /** The tables that the RSDP leads to, by signature. */
    private static Map<String, byte[]> tables(int vcpus, List<AcpiPlan.PciRoot> roots) {
        AcpiTables all =
                AcpiTables.build(AcpiPlan.of(IntStream.range(0, vcpus).boxed().toList(), roots, EVENTS, true));
        ByteBuffer bytes = ByteBuffer.wrap(all.bytes()).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(sum(slice(bytes, 0, 20))).isZero();
        assertThat(sum(slice(bytes, 0, 36))).isZero();
        Map<String, byte[]> tables = new LinkedHashMap<>();
        byte[] xsdt = table(bytes, bytes.getLong(24) - all.address());
        assertThat(sum(xsdt)).isZero();
        ByteBuffer pointers = ByteBuffer.wrap(xsdt).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 36; at < xsdt.length; at += 8) {
            byte[] table = table(bytes, pointers.getLong(at) - all.address());
            tables.put(signature(table), table);
        }
        long dsdt = ByteBuffer.wrap(tables.get("FACP"))
                .order(ByteOrder.LITTLE_ENDIAN)
                .getLong(140);
        byte[] table = table(bytes, dsdt - all.address());
        tables.put(signature(table), table);
        return tables;
    }

    private static byte[] table(ByteBuffer all, long at) {
        return slice(all, (int) at, all.getInt((int) at + 4));
    }

    private static byte[] slice(ByteBuffer all, int at, int length) {
        byte[] slice = new byte[length];
        all.get(at, slice);
        return slice;
    }

    private static String signature(byte[] table) {
        return new String(table, 0, 4, StandardCharsets.US_ASCII);
    }

    private static int sum(byte[] bytes) {
        int sum = 0;
        for (byte b : bytes) {
            sum += b;
        }
        return sum & 0xFF;
    }
}
