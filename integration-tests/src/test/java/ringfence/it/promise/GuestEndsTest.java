package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Outcome;
import ringfence.it.lab.Vmm;

/** How a guest's end becomes the VMM's exit code. */
@OnKvmHost
class GuestEndsTest {
    private static final String BOOT_ID = "cat /proc/sys/kernel/random/boot_id";

    /**
     * Reads pvpanic's byte, and writes to it what the driver of a kernel does that crashes and has a crash kernel. devmem
     * knows no other file than /dev/mem.
     */
    private static final String CRASH_LOADED = """
        set -e
        cd /sys/bus/pci/drivers/pvpanic-pci
        device=$(ls -d 0000:*)
        echo $device >unbind
        echo 1 >/sys/bus/pci/devices/$device/enable
        rm -f /dev/mem
        ln -s /sys/bus/pci/devices/$device/resource0 /dev/mem
        devmem 0 8
        devmem 0 8 2
        echo 0 >/sys/bus/pci/devices/$device/enable
        echo $device >bind
        """;

    private static final Pattern PANIC = Pattern.compile(
            "\"source\": \"guest\",\\s+\"event\": \"panic\",\\s+\"properties\": \\{\\s+\"event\": \"(\\w+)\"");
    private static final Duration SOON = Duration.ofMinutes(1);

    /**
     * A crash kernel that takes over is told of, and the guest goes on. With panic=-1 the kernel resets at once after its
     * panic: that must not be taken for a reboot.
     */
    @Test
    void aPanicIsExitCode3AndALineAndACrashKernelIsTold(KvmHost host) {
        String scratch = host.script(
                        "mktemp -d \"$1/ends-XXXXXX\"", host.places().scratch())
                .text();
        GuestSpec spec = GuestSpec.kernel("6.1").options("--pvpanic", "--event-monitor", "path=" + scratch + "/events");
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
            guest.awaitReady();
            assertThat(guest.text(CRASH_LOADED)).as("what the device knows").isEqualTo("0x03");
            guest.vmm().err().await(0, "the guest has crashed and goes on in its crash kernel", SOON);
            assertThat(guest.text("echo on")).as("the guest goes on").isEqualTo("on");
            guest.send("echo c >/proc/sysrq-trigger");
            Outcome outcome = guest.awaitEnd();
            assertThat(outcome.status()).as(outcome.toString()).isEqualTo(3);
            assertThat(outcome.err()).contains("the guest has panicked");
            assertThat(PANIC.matcher(host.run("cat", scratch + "/events").text())
                            .results()
                            .map(told -> told.group(1)))
                    .containsExactly("crash_loaded", "panic");
        } finally {
            host.run("rm", "-rf", scratch);
        }
    }

    /** The kernel's own way to reset by a triple fault, reboot=t. */
    @Test
    void aTripleFaultIsExitCode4AndALine(KvmHost host) {
        GuestSpec spec = GuestSpec.kernel("6.1").commandLine("reboot=t");
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
            guest.awaitReady();
            guest.send("reboot -f");
            Outcome outcome = guest.awaitEnd();
            assertThat(outcome.status()).as(outcome.toString()).isEqualTo(4);
            assertThat(outcome.err()).containsIgnoringCase("triple fault");
        }
    }

    /** reboot -f, and a panic that nobody but the kernel knows of: with panic=-1 it resets. */
    @Test
    void aResetIsARebootAndSoIsAPanicWithoutPvpanic(KvmHost host) {
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), GuestSpec.kernel("6.1"))) {
            guest.awaitReady();
            String boot = guest.text(BOOT_ID);
            guest.send("reboot -f");
            guest.awaitReady();
            String second = guest.text(BOOT_ID);
            assertThat(second).isNotEqualTo(boot);
            guest.send("echo c >/proc/sysrq-trigger");
            guest.awaitReady();
            assertThat(guest.text(BOOT_ID)).isNotIn(boot, second);
            assertThat(guest.powerOff().status()).isZero();
        }
    }
}
