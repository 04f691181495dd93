package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;

/** A disk of which the VMM knows its type and its queue, and nothing else: all of it is its daemon's, which somebody else starts. */
@OnKvmHost
class OurGenericDeviceTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final String SUM = "sha256sum | cut -c 1-64";

    @Test
    void aGuestUsesADeviceThatOnlyItsBackendKnows(KvmHost host) {
        String folder = host.script(
                        "d=$(mktemp -d \"$1/generic-XXXXXX\"); dd if=/dev/urandom of=$d/image bs=64k count=32"
                                + " 2>/dev/null; echo $d",
                        host.places().scratch())
                .text();
        Command daemon = Command.of(host.places().program("vhost-user-blk"))
                .with("--socket-path=" + folder + "/socket", "--blk-file=" + folder + "/image");
        GuestSpec spec = GuestSpec.kernel("6.1")
                .options("--generic-vhost-user", "device_type=block,queue_sizes=[64],socket=" + folder + "/socket");
        try (Program first = host.start(daemon);
                Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
            guest.awaitReady();
            String before = host.script("cat \"$1/image\" | " + SUM, folder).text();
            assertThat(guest.text("cat /dev/vda | " + SUM)).isEqualTo(before);
            assertThat(guest.text("cat /sys/block/vda/size"))
                    .as("of its configuration space")
                    .isEqualTo("4096");
            first.signal(9);
            first.await(LONG);
            try (Program _ = host.start(daemon)) {
                String after = guest.run(
                                "dd if=/dev/urandom of=/dev/vda bs=64k count=32 2>/dev/null; sync;"
                                        + " echo 3 >/proc/sys/vm/drop_caches; cat /dev/vda | " + SUM,
                                LONG)
                        .orThrow()
                        .text();
                assertThat(after).isNotEqualTo(before);
                assertThat(host.script("cat \"$1/image\" | " + SUM, folder).text())
                        .isEqualTo(after);
                assertThat(guest.complaints()).isEmpty();
                assertThat(guest.powerOff().status()).isZero();
            }
        } finally {
            host.run("rm", "-rf", folder);
        }
    }
}
