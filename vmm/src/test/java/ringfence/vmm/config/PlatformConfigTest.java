package ringfence.vmm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.option.Json;
import ringfence.option.JsonReader;
import ringfence.option.OptionException;

class PlatformConfigTest {
    private static final String UUID = "01234567-89ab-cdef-0123-456789ABCDEF";

    @Test
    void defaultsAreCloudHypervisors() {
        assertThat(PlatformOptions.TABLE.parse("")).isEqualTo(PlatformConfig.DEFAULT);
        assertThat(PlatformOptions.TABLE.defaults()).isEqualTo(PlatformConfig.DEFAULT);
        assertThat(PlatformOptions.TABLE.write(PlatformConfig.DEFAULT))
                .isEqualTo(JsonReader.read("{\"num_pci_segments\":1}"));
        assertThat(PlatformConfig.DEFAULT.problems()).isEmpty();
    }

    @Test
    void aFlagSaysAllAndComesBackAsJson() {
        PlatformConfig platform = PlatformOptions.TABLE.parse("num_pci_segments=2,system_manufacturer=M,"
                + "system_product_name=P,system_version=V,system_serial_number=S,system_uuid=" + UUID
                + ",system_sku_number=K,system_family=F,oem_strings=[a,\"b,c\"],chassis_asset_tag=T");
        assertThat(platform)
                .isEqualTo(new PlatformConfig(
                        2, new SmbiosConfig("M", "P", "V", "S", UUID, "K", "F", List.of("a", "b,c"), "T")));
        assertThat(platform.problems()).isEmpty();
        assertThat(platform.smbios().uuidDigits()).isEqualTo("0123456789abcdef0123456789ABCDEF");
        Json.Obj json = PlatformOptions.TABLE.write(platform);
        assertThat(json.toString()).contains("\"oem_strings\":[\"a\",\"b,c\"]", "\"system_uuid\":\"" + UUID + "\"");
        assertThat(PlatformOptions.TABLE.read(JsonReader.read(json.toString()))).isEqualTo(platform);
    }

    /** Cloud Hypervisor's older names, which Kata and libvirt write; the newer one counts where both are there. */
    @Test
    void olderNamesMeanTheSame() {
        assertThat(PlatformOptions.TABLE.parse("serial_number=S,uuid=" + UUID))
                .isEqualTo(PlatformOptions.TABLE.parse("system_serial_number=S,system_uuid=" + UUID));
        PlatformConfig both = PlatformOptions.TABLE.read(
                JsonReader.read("{\"serial_number\":\"old\",\"system_serial_number\":\"new\",\"uuid\":\"\"}"));
        assertThat(both.smbios().serialNumber()).isEqualTo("new");
        assertThat(PlatformOptions.TABLE.write(both).toString()).doesNotContain("\"serial_number\"");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "\"system_uuid\":\"0123\" | --platform system_uuid: is no UUID: write one as",
                "\"uuid\":\"0123456789abcdef0123456789abcde-\" | --platform system_uuid: is no UUID",
                "\"uuid\":\"01234567-89abc-def-0123-456789abcdef\" | --platform system_uuid: is no UUID",
                "\"system_family\":\"a\\u0000b\" | --platform system_family: has a zero byte",
                "\"oem_strings\":[\"a\\u0000\"] | --platform oem_strings: has a zero byte",
                "\"oem_strings\":[\"a\",\"\"] | --platform oem_strings: has an empty one: leave it out",
            })
    void whatNoGuestCouldReadIsNamed(String member, String line) {
        assertThat(PlatformOptions.TABLE
                        .read(JsonReader.read("{" + member + "}"))
                        .problems())
                .singleElement()
                .satisfies(problem -> assertThat(problem.line()).startsWith(line));
    }

    @Test
    void moreThanFitsIsNamed() {
        Json many = Json.object("oem_strings", Collections.nCopies(256, "x"));
        assertThat(PlatformOptions.TABLE.read(many).problems())
                .extracting(Problem::line)
                .containsExactly("--platform oem_strings: are 256: give 255 at most");
        Json large = Json.object("oem_strings", List.of("x".repeat(40_000)), "system_family", "y".repeat(20_000));
        assertThat(PlatformOptions.TABLE.read(large).problems())
                .extracting(Problem::line)
                .containsExactly("--platform: has texts of 60008 bytes: give 60000 at most, all together");
    }

    @Test
    void itsProblemsAreTheMachines() {
        VmConfig config = VmConfig.TABLE.read(
                JsonReader.read("{\"payload\":{\"kernel\":\"/k\"},\"platform\":{\"system_uuid\":\"x\"}}"));
        assertThat(config.problems(new HostLimits(64, 4L << 30)))
                .singleElement()
                .satisfies(problem -> assertThat(problem.option()).isEqualTo("--platform system_uuid"));
        assertThatThrownBy(() -> PlatformOptions.TABLE.parse("tdx=on"))
                .isInstanceOf(OptionException.class)
                .hasMessageContaining("tdx");
    }
}
