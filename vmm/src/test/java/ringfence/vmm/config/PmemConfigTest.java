package ringfence.vmm.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.option.JsonReader;

class PmemConfigTest {
    @Test
    void defaultsAreCloudHypervisors() {
        PmemConfig expected = new PmemConfig("", "/f", OptionalLong.empty(), false, PciPlace.ANY);
        assertThat(PmemConfig.TABLE.parse("file=/f")).isEqualTo(expected);
        assertThat(PmemConfig.TABLE.read(JsonReader.read("{\"file\":\"/f\",\"iommu\":false}")))
                .isEqualTo(expected);
        assertThat(expected.sizeOf(4096)).isEqualTo(4096);
    }

    @Test
    void aFlagSaysAll() {
        assertThat(PmemConfig.TABLE.parse("file=/f,size=4M,discard_writes=on,id=data,pci_segment=1,pci_device_id=3"))
                .isEqualTo(new PmemConfig(
                        "data", "/f", OptionalLong.of(4 << 20), true, new PciPlace(1, OptionalInt.of(3))));
        assertThatThrownBy(() -> PmemConfig.TABLE.parse("size=4M")).hasMessageContaining("lacks file");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "size=3M | 4194304 | size: 3M is no multiple of 2M: give one",
                "size=0 | 4194304 | size: 0 is no multiple of 2M: give one",
                "size=4M | 2097152 | size: 4M is more than /f has: extend it with truncate -s 4M /f",
                "id=x | 0 | file: 0 is no multiple of 2M: extend it with truncate -s %2M /f",
                "id=x | 2097153 | file: 2097153 is no multiple of 2M: extend it with truncate -s %2M /f",
            })
    void whatDoesNotFitTheFileIsNamed(String options, long ofFile, String line) {
        assertThat(PmemConfig.TABLE.parse("file=/f," + options).problems(ofFile))
                .extracting(Problem::line)
                .isEqualTo(List.of(line));
    }

    @Test
    void aPartOfAFileMayBeAsked() {
        assertThat(PmemConfig.TABLE.parse("file=/f,size=2M").problems((4 << 20) + 1))
                .isEmpty();
    }

    @Test
    void everyOneHasAName() {
        VmConfig config =
                VmConfig.TABLE.read(JsonReader.read("{\"payload\":{\"kernel\":\"/k\"},\"pmem\":[{\"file\":\"/a\"},"
                        + "{\"file\":\"/b\",\"id\":\"_pmem0\"},{\"file\":\"/c\"}]}"));
        assertThat(config.pmem()).extracting(PmemConfig::id).containsExactly("_pmem1", "_pmem0", "_pmem2");
        assertThat(config.without("_pmem0").pmem()).extracting(PmemConfig::file).containsExactly("/a", "/c");
        assertThat(config.beyond(config.without("_pmem1")).ids()).containsExactly("_pmem1");
    }
}
