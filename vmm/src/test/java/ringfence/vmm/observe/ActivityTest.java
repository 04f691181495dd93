package ringfence.vmm.observe;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;

/** Rates between two looks. */
class ActivityTest {
    @TempDir
    Path folder;

    @Test
    void aRateIsWhatHasGrownByTheTimeBetween() throws Exception {
        FakeVm vm = new FakeVm(folder, "/run/vm.sock");
        VmFinder finder = new VmFinder(Linux.system(), List.of(folder), folder.resolve("none"));
        vm.count(FakeVm.CHAINS, 1000);
        vm.latency.record(9_000_000);
        Activity.Look before = new Activity.Look(0, finder.find());
        vm.count(FakeVm.CHAINS, 500);
        vm.count(FakeVm.READ_BYTES, 1 << 20);
        vm.set(FakeVm.total(502, "exits/io"), "vcpu0", 60);
        vm.latency.record(20_000);
        vm.latency.record(40_000);
        Activity.Look now = new Activity.Look(2_000_000_000L, finder.find());
        Activity.OfVm only = Activity.between(before, now, Order.EXITS).getFirst();
        assertThat(only.total().exits()).isEqualTo(30);
        Activity disk = only.devices().getFirst();
        assertThat(disk.operations()).isEqualTo(250);
        assertThat(disk.bytes()).isEqualTo(1 << 19);
        assertThat(disk.latencyNanos()).isEqualTo(30_000);
        assertThat(disk.resident()).isPositive();
        assertThat(only.total().operations()).isEqualTo(250);
        assertThat(ActivityTable.lines(List.of(only)))
                .anyMatch(line -> line.matches(".*connected +250 +512K +30us .* {4}_disk0"))
                .anyMatch(line -> line.matches("-? +reconnecting.* - .*_net1"));
        assertThat(Activity.between(now, before, Order.PID).getFirst().total().exits())
                .isZero();
    }

    @Test
    void asTextItEndsAfterSoMany() throws Exception {
        new FakeVm(folder, "");
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        VmFinder finder = new VmFinder(Linux.system(), List.of(folder), folder.resolve("none"));
        new Top(finder, new PrintStream(bytes, true, StandardCharsets.UTF_8), 100_000_000, Order.BYTES).print(2);
        assertThat(bytes.toString(StandardCharsets.UTF_8).lines().filter(line -> line.startsWith("1 VM, ")))
                .hasSize(2);
    }

    @Test
    void amountsAreShort() {
        assertThat(List.of(Amount.bytes(0), Amount.bytes(1023), Amount.bytes(1536), Amount.bytes(300 << 20)))
                .containsExactly("0", "1023", "1.5K", "300M");
        assertThat(List.of(Amount.count(999), Amount.count(12_345), Amount.count(2e9)))
                .containsExactly("999", "12.3k", "2.0G");
        assertThat(List.of(Amount.time(85_400), Amount.time(1.25e6), Amount.time(3e9), Amount.time(Double.NaN)))
                .containsExactly("85us", "1.3ms", "3.0s", "-");
    }
}
