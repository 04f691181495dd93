package ringfence.vmm.plan;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import ringfence.vmm.config.PlatformOptions;

/** DMTF DSP0134, 3.2. */
class SmbiosTest {
    /** A structure: its formatted part, and its strings. */
    private record Structure(ByteBuffer formatted, List<String> strings) {
        /** What the string number at this offset stands for. */
        String text(int at) {
            int number = formatted.get(at);
            return number == 0 ? "" : strings.get(number - 1);
        }
    }

    private static ByteBuffer tables(String platform) {
        Smbios smbios = Smbios.of(PlatformOptions.TABLE.parse(platform).smbios());
        assertThat(smbios.address()).isEqualTo(0xF0000);
        return ByteBuffer.wrap(smbios.bytes()).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static String text(ByteBuffer from, int at, int length) {
        byte[] text = new byte[length];
        from.get(at, text);
        return new String(text, StandardCharsets.UTF_8);
    }

    /** Takes the table apart as a kernel does, to its last byte. 6.1.2, 6.1.3. */
    private static Map<Integer, Structure> structures(String platform) {
        ByteBuffer all = tables(platform);
        Map<Integer, Structure> structures = new LinkedHashMap<>();
        int at = (int) (all.getLong(16) - 0xF0000);
        for (int handle = 1; at < all.limit(); handle++) {
            int length = all.get(at + 1);
            assertThat(all.getShort(at + 2)).isEqualTo((short) handle);
            Structure structure =
                    new Structure(all.slice(at, length).order(ByteOrder.LITTLE_ENDIAN), new ArrayList<>());
            structures.put((int) all.get(at), structure);
            at += length;
            while (all.get(at) != 0) {
                int end = at;
                while (all.get(end) != 0) {
                    end++;
                }
                structure.strings.add(text(all, at, end - at));
                at = end + 1;
            }
            at += structure.strings.isEmpty() ? 2 : 1;
            assertThat(all.get(at - 1)).isZero();
        }
        return structures;
    }

    /** 5.2.2: where the kernel looks, and what it checks. */
    @Test
    void theEntryPointIsFoundAndAddsUpToZero() {
        ByteBuffer all = tables("system_family=x,chassis_asset_tag=tag,oem_strings=[a,b]");
        assertThat(text(all, 0, 5)).isEqualTo("_SM3_");
        assertThat(all.get(6)).isEqualTo((byte) 24);
        assertThat(all.get(7)).as("SMBIOS 3").isEqualTo((byte) 3);
        assertThat(all.get(10)).as("revision").isEqualTo((byte) 1);
        int sum = 0;
        for (int i = 0; i < 24; i++) {
            sum += all.get(i);
        }
        assertThat(sum & 0xFF).isZero();
        assertThat(all.getLong(16)).isEqualTo(0xF0000 + 24);
        assertThat(all.getInt(12)).isEqualTo(all.limit() - 24);
        assertThat(MemoryMap.SMBIOS.end()).isEqualTo(MemoryMap.RESET_VECTOR.base());
        assertThat(MemoryMap.of(64 << 20, 40).entries())
                .as("it is not given to the kernel as memory")
                .contains(MemoryMapEntry.reserved(0xF0000, 0x10000));
    }

    /** C-117: as Cloud Hypervisor, with our name. */
    @Test
    void aMachineOfWhichNothingIsSaidHasOurName() {
        Map<Integer, Structure> structures = structures("");
        assertThat(structures.keySet()).containsExactly(0, 1, 127);
        Structure bios = structures.get(0);
        assertThat(bios.text(4)).isEqualTo("ringfence");
        assertThat(bios.text(5)).isEqualTo("0");
        assertThat(bios.formatted.limit()).isEqualTo(20);
        assertThat(bios.formatted.getLong(10)).as("PCI").isEqualTo(1 << 7);
        assertThat(bios.formatted.get(19)).as("a virtual machine").isEqualTo((byte) (1 << 4));
        Structure system = structures.get(1);
        assertThat(system.formatted.limit()).isEqualTo(27);
        assertThat(system.strings).containsExactly("Ringfence", "ringfence");
        assertThat(system.text(4)).isEqualTo("Ringfence");
        assertThat(system.text(5)).isEqualTo("ringfence");
        assertThat(system.text(6) + system.text(7) + system.text(25) + system.text(26))
                .isEmpty();
        assertThat(system.formatted.getLong(8) | system.formatted.getLong(16)).isZero();
        assertThat(structures.get(127).formatted.limit()).isEqualTo(4);
        assertThat(structures.get(127).strings).isEmpty();
    }

    @Test
    void everythingThatIsSaidIsInItsPlace() {
        Map<Integer, Structure> structures = structures("system_manufacturer=Maker,system_product_name=Product,"
                + "system_version=v1,system_serial_number=s/n 1,system_uuid=00112233-4455-6677-8899-aabbccddeeff,"
                + "system_sku_number=sku,system_family=Fämily,chassis_asset_tag=tag,oem_strings=[\"a,b\",key:value]");
        assertThat(structures.keySet()).containsExactly(0, 1, 3, 11, 127);
        Structure system = structures.get(1);
        assertThat(List.of(system.text(4), system.text(5), system.text(6), system.text(7)))
                .containsExactly("Maker", "Product", "v1", "s/n 1");
        assertThat(system.text(25)).isEqualTo("sku");
        assertThat(system.text(26)).isEqualTo("Fämily");
        byte[] uuid = new byte[16];
        system.formatted.get(8, uuid);
        assertThat(uuid).as("7.2.1: three fields little end first").isEqualTo(new byte[] {
            0x33,
            0x22,
            0x11,
            0x00,
            0x55,
            0x44,
            0x77,
            0x66,
            (byte) 0x88,
            (byte) 0x99,
            (byte) 0xAA,
            (byte) 0xBB,
            (byte) 0xCC,
            (byte) 0xDD,
            (byte) 0xEE,
            (byte) 0xFF
        });
        assertThat(structures.get(3).formatted.limit()).isEqualTo(21);
        assertThat(structures.get(3).text(8)).isEqualTo("tag");
        assertThat(structures.get(11).formatted.get(4)).isEqualTo((byte) 2);
        assertThat(structures.get(11).strings).containsExactly("a,b", "key:value");
    }

    /** As much as the rules admit. */
    @Test
    void theLongestTextsFit() {
        String texts = "x".repeat(59_000);
        assertThat(structures("oem_strings=[" + texts + "]").get(11).strings).containsExactly(texts);
        assertThat(tables("oem_strings=[" + texts + "]").limit()).isLessThan((int) MemoryMap.SMBIOS.size());
    }
}
