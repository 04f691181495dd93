package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

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

    /** With panic=-1 the kernel resets at once after its panic: that must not be taken for a reboot. */
    @Test
    void aPanicIsExitCode3AndALine(KvmHost host) {
        GuestSpec spec = GuestSpec.kernel("6.1").options("--pvpanic");
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
            guest.awaitReady();
            guest.send("echo c >/proc/sysrq-trigger");
            Outcome outcome = guest.awaitEnd();
            assertThat(outcome.status()).as(outcome.toString()).isEqualTo(3);
            assertThat(outcome.err()).contains("the guest has panicked");
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
