package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.ApiCaller;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestDisk;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Vmm;
import ringfence.it.lab.VmmApi;

/** A Debian guest whose disk becomes larger while it writes to it, and smaller when it does not. */
@OnKvmHost
class DiskResizeTest {
    private static final Duration LONG = Duration.ofMinutes(3);
    private static final long SEED = Long.getLong("ringfence.seed", System.nanoTime() >>> 20);
    private static final Pattern STAMPED = Pattern.compile("(stamp: writes=(\\d+) .*errors=(\\d+))\\s+stamped (\\d+)");
    private static final String SUM = "sha256sum | cut -c 1-64";
    /** A part of the disk that it has in its middle size only. */
    private static final String ADDED = "dd if=%s bs=1M skip=40 count=1 2>/dev/null | " + SUM;

    /** Not one write is lost, late or misplaced; what is added is there for the guest at once, and for the next daemons. */
    @Test
    void aDiskBecomesLargerUnderItsGuestsWritesAndSmaller(KvmHost host) {
        System.out.println("a disk that grows under a guest's writes: -Dringfence.seed=" + SEED);
        String scratch = host.script(
                        "mktemp -d \"$1/resize-XXXXXX\"", host.places().scratch())
                .text();
        String image = scratch + "/image";
        host.script("truncate -s 16M \"$1\"", image);
        GuestSpec spec = GuestSpec.kernel("6.1")
                .disk(GuestDisk.image(image))
                .commandLine("root=")
                .options("--api-socket", scratch + "/api");
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec);
                ApiCaller api = new ApiCaller(host, scratch + "/api")) {
            guest.awaitReady();
            assertThat(guest.text("cat /sys/block/vda/size")).isEqualTo("32768");
            guest.run("(stamp /dev/vda 86400 1 " + SEED + "; echo stamped $?) >/run/stamp 2>&1 &")
                    .orThrow();
            resize(guest, api, 48);
            String added = guest.text("dd if=/dev/urandom of=/dev/vda bs=1M seek=40 count=1 conv=notrunc 2>/dev/null;"
                    + " sync; echo 3 >/proc/sys/vm/drop_caches; " + ADDED.formatted("/dev/vda"));
            assertThat(host.script(ADDED.formatted("\"$1\""), image).text()).isEqualTo(added);
            String daemon = Daemons.await(host, guest, "0");
            host.run("kill", "-9", daemon);
            assertThat(Daemons.await(host, guest, daemon)).isNotEqualTo(daemon);
            VmmApi.Answer upgraded = api.put("vm.upgrade-device", "{\"id\":\"_disk0\"}");
            assertThat(upgraded.status()).as(upgraded.body()).isEqualTo(204);
            assertThat(guest.text("echo 3 >/proc/sys/vm/drop_caches; cat /sys/block/vda/size; "
                            + ADDED.formatted("/dev/vda")))
                    .isEqualTo("98304\n" + added);
            Matcher result = STAMPED.matcher(guest.run(
                            "kill -TERM $(pidof stamp); until grep -q ^stamped /run/stamp; do usleep 100000; done;"
                                    + " tail -n 5 /run/stamp",
                            LONG)
                    .orThrow()
                    .text());
            assertThat(result.find()).as("what stamp says").isTrue();
            System.out.println("counted: a disk grew under a guest's writes, " + result.group(1));
            assertThat(Long.parseLong(result.group(2))).isPositive();
            assertThat(result.group(3)).isEqualTo("0");
            assertThat(result.group(4)).isEqualTo("0");
            resize(guest, api, 8);
            assertThat(host.script("stat -c %s \"$1\"", image).text()).isEqualTo(Integer.toString(8 << 20));
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-rf", scratch);
        }
    }

    private static void resize(Guest guest, ApiCaller api, int mib) {
        VmmApi.Answer answer =
                api.put("vm.resize-disk", "{\"id\":\"_disk0\",\"desired_size\":" + ((long) mib << 20) + "}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
        guest.text("n=0; until [ $(cat /sys/block/vda/size) = " + mib * 2048
                + " ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; usleep 100000; done");
    }
}
