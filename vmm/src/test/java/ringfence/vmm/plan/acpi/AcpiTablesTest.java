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
    private static final AcpiPlan.PciRoot ROOT = new AcpiPlan.PciRoot(
            0,
            0xE800_0000L,
            new AcpiPlan.Window(0xC000_0000L, 0x2800_0000L),
            new AcpiPlan.Window(0x1_0000_0000L, 0x3F_0000_0000L));

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
    void tablesThatDoNotFitAreRefused() {
        List<Integer> many = IntStream.range(0, 1 << 15).boxed().toList();
        assertThatThrownBy(() -> AcpiTables.build(AcpiPlan.of(many, List.of(ROOT))))
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

    /** The tables that the RSDP leads to, by signature. */
    private static Map<String, byte[]> tables(int vcpus) {
        AcpiTables all =
                AcpiTables.build(AcpiPlan.of(IntStream.range(0, vcpus).boxed().toList(), List.of(ROOT)));
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
