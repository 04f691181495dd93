package ringfence.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import ringfence.process.BadInputException;

class HugePageTest {
    private static final List<String> OF_1_GIB =
            List.of("MemTotal:  1 kB", "Hugepagesize:    1048576 kB", "Hugetlb: 0 kB");

    @Test
    void itsSizeIsTheHosts() {
        assertThat(HugePage.of(List.of("Hugepagesize:       2048 kB"), 6 << 20)).isEqualTo(2 << 20);
        assertThat(HugePage.of(OF_1_GIB, 3L << 30)).isEqualTo(1L << 30);
    }

    @Test
    void memoryThatIsNoMultipleOfItIsRefused() {
        assertThatThrownBy(() -> HugePage.of(OF_1_GIB, 512L << 20))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("--memory size: 512M is no multiple of this host's huge pages of 1G");
    }

    @Test
    void aKernelWithoutThemIsNamed() {
        assertThatThrownBy(() -> HugePage.of(List.of("MemTotal: 1 kB"), 2 << 20))
                .isInstanceOf(BadInputException.class)
                .hasMessageContaining("--memory hugepages");
    }
}
