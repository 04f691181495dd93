package ringfence.vmm.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;

/** Prometheus' text format 0.0.4, of whatever the files say. */
class PrometheusTextTest {
    private static final String PID = Long.toString(ProcessHandle.current().pid());

    @TempDir
    Path folder;

    private FakeVm vm;

    @BeforeEach
    void aVm() throws Exception {
        vm = new FakeVm(folder, "/run/a\"b\\c.sock");
    }

    private String text() {
        return PrometheusText.of(new VmFinder(Linux.system(), List.of(folder), folder.resolve("none")).find());
    }

    private static String labels(String more) {
        return "{vm=\"" + PID + "\",socket=\"/run/a\\\"b\\\\c.sock\"" + more + "} ";
    }

    @Test
    void eachKindHasItsTypeItsUnitAndItsLabels() {
        vm.set(FakeVm.total(506, "exits/mmio"), "vcpu3", 7);
        vm.set(FakeVm.total(502, "exits/io"), "vcpu3", 9);
        vm.count(FakeVm.CHAINS, 100);
        vm.count(FakeVm.READ_BYTES, 4096);
        assertThat(text())
                .contains(
                        "# HELP ringfence_exits_total what exits/mmio are \\\\ were\n"
                                + "# TYPE ringfence_exits_total counter\n",
                        "\nringfence_exits_total" + labels(",vcpu=\"3\",reason=\"mmio\"") + "7\n",
                        "\nringfence_exits_total" + labels(",vcpu=\"3\",reason=\"io\"") + "9\n",
                        "# TYPE ringfence_state gauge\nringfence_state" + labels("") + "1\n",
                        "\nringfence_last_gap_seconds" + labels(",device=\"_disk0\"") + "0.0025\n",
                        "\nringfence_reconnects_total" + labels(",device=\"_disk0\"") + "4\n",
                        "\nringfence_queue_chains_total" + labels(",device=\"_disk0\",queue=\"1\"") + "100\n",
                        "\nringfence_blk_read_bytes_total" + labels(",device=\"_disk0\",queue=\"1\"") + "4096\n");
    }

    @Test
    void timesAreAHistogramInSeconds() {
        vm.latency.record(5_000);
        vm.latency.record(5_000);
        vm.latency.record(4_000_000_000L);
        String labels = ",device=\"_disk0\",queue=\"1\"";
        assertThat(text())
                .contains(
                        "# TYPE ringfence_queue_latency_seconds histogram\nringfence_queue_latency_seconds_bucket"
                                + labels(labels + ",le=\"0.000004096\"") + "0\n",
                        "\nringfence_queue_latency_seconds_bucket" + labels(labels + ",le=\"0.000016384\"") + "2\n",
                        "\nringfence_queue_latency_seconds_bucket" + labels(labels + ",le=\"1.073741824\"") + "2\n",
                        "\nringfence_queue_latency_seconds_bucket" + labels(labels + ",le=\"+Inf\"") + "3\n",
                        "\nringfence_queue_latency_seconds_sum" + labels(labels) + "4.00001\n",
                        "\nringfence_queue_latency_seconds_count" + labels(labels) + "3\n");
    }

    /** A daemon that its guest has taken over may say what it likes: the page stays one that Prometheus reads. */
    @Test
    void aDaemonThatLiesSpoilsNoPage() {
        vm.disk.counter(FakeVm.gauge(7, "chains_total"), "blk0/q1", 1);
        vm.count(FakeVm.CHAINS, 1);
        vm.disk.counter(FakeVm.total(8, "chains"), "x/q1", 1).setRelease(5); // the same sample again
        vm.disk.counter(FakeVm.total(300, "ä{}\"\n9"), "o\"\\", 1);
        Set<String> families = new HashSet<>();
        Set<String> samples = new HashSet<>();
        String family = "";
        for (String line : text().lines().toList()) {
            if (line.startsWith("# HELP ")) {
                family = line.split(" ", 4)[2];
                assertThat(families.add(family)).as(line).isTrue();
                assertThat(family).matches("ringfence_[a-z0-9_]+");
            } else if (!line.startsWith("# TYPE " + family + " ")) {
                assertThat(line)
                        .matches(family
                                + "(_bucket|_sum|_count)?\\{([a-z]+=\"([^\"\\\\]|\\\\[\"\\\\])*\",?)+\\} -?[0-9.]+");
                assertThat(samples.add(line.substring(0, line.lastIndexOf(' '))))
                        .as(line)
                        .isTrue();
            }
        }
        assertThat(families).contains("ringfence_queue_chains_total", "ringfence_resident_bytes");
    }
}
