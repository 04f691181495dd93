package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.ApiCaller;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Vmm;
import ringfence.it.lab.VmmApi;

/** Debian guests with a file of their host's as persistent memory. */
@OnKvmHost
class PmemGuestTest {
    private static final String SUM = "sha256sum | cut -c 1-64";
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final String MOUNT =
            "mkdir -p /mnt; mount -t ext4 -o dax /dev/pmem0 /mnt; grep -c 'pmem0.*dax'" + " /proc/mounts";

    /** A file system is written to through the guest's own address space, by one kernel, and read by the other. */
    @Test
    void whatAGuestHasFlushedIsInTheFile(KvmHost host) {
        String scratch = scratch(host);
        try {
            String sum;
            try (Guest guest = start(host, "6.12", scratch, "--pmem", "file=" + scratch + "/file")) {
                guest.awaitReady();
                assertThat(guest.text(MOUNT)).isEqualTo("1");
                sum = guest.text("dd if=/dev/urandom of=/mnt/data bs=64k count=64 conv=fsync 2>/dev/null;"
                        + " cat /mnt/data | " + SUM);
                assertThat(guest.complaints()).isEmpty();
            } // killed
            try (Guest guest = start(host, "6.1", scratch);
                    ApiCaller api = new ApiCaller(host, scratch + "/api")) {
                guest.awaitReady();
                add(api, "\"file\":\"" + scratch + "/file\",\"id\":\"data\"");
                appears(guest);
                assertThat(guest.text(MOUNT)).isEqualTo("1");
                assertThat(guest.text("cat /mnt/data | " + SUM)).isEqualTo(sum);
                remove(guest, api);
                String before = host.script("cat \"$1/file\" | " + SUM, scratch).text();
                add(api, "\"file\":\"" + scratch + "/file\",\"id\":\"data\",\"discard_writes\":true");
                appears(guest);
                guest.text(MOUNT + "; echo other >/mnt/data; sync");
                guest.send("reboot -f");
                guest.awaitReady();
                assertThat(guest.text(MOUNT)).as("after a reboot").isEqualTo("1");
                assertThat(guest.text("cat /mnt/data"))
                        .as("as long as the device is there")
                        .isEqualTo("other");
                remove(guest, api);
                assertThat(host.script("cat \"$1/file\" | " + SUM, scratch).text())
                        .isEqualTo(before);
                assertThat(guest.complaints()).isEmpty();
                assertThat(guest.powerOff().status()).isZero();
            }
        } finally {
            host.run("rm", "-rf", scratch);
        }
    }

    /** It is told so when it flushes. Whatever becomes of it when it touches what is gone, the VMM is well. */
    @Test
    void aFileThatIsCutShortIsItsGuestsMatter(KvmHost host) {
        String scratch = scratch(host);
        try (Guest guest = start(host, "6.12", scratch, "--pmem", "file=" + scratch + "/file", "--no-shutdown");
                ApiCaller api = new ApiCaller(host, scratch + "/api")) {
            guest.awaitReady();
            String flush = "dd if=/dev/null of=/dev/pmem0 conv=notrunc,fsync 2>/dev/null";
            guest.text(flush);
            host.script(": >\"$1/file\"", scratch);
            assertThat(guest.run(flush).status()).isNotZero();
            guest.vmm().err().await(0, "_pmem0: its file cannot be flushed: it has been made shorter", SOON);
            guest.send("echo touching; cat /dev/pmem0 >/dev/null");
            guest.console().await(0, "touching", SOON);
            host.script("sleep 5");
            assertThat(api.get("vm.info").status()).isEqualTo(200);
            assertThat(api.put("vm.delete", "").status()).isEqualTo(204);
            assertThat(api.put("vmm.shutdown", "").status()).isEqualTo(200);
            assertThat(guest.awaitEnd().status()).isZero();
        } finally {
            host.run("rm", "-rf", scratch);
        }
    }

    private static String scratch(KvmHost host) {
        String scratch = host.script(
                        "mktemp -d \"$1/pmem-XXXXXX\"", host.places().scratch())
                .text();
        host.script("truncate -s 64M \"$1/file\"; /usr/sbin/mke2fs -q -t ext4 -b 4096 \"$1/file\"", scratch);
        return scratch;
    }

    private static Guest start(KvmHost host, String kernel, String scratch, String... options) {
        GuestSpec spec = GuestSpec.kernel(kernel)
                .options("--api-socket", scratch + "/api")
                .options(options);
        return Guest.start(host, new Vmm.Ringfence(), spec);
    }

    private static void add(ApiCaller api, String members) {
        VmmApi.Answer answer = api.put("vm.add-pmem", "{" + members + "}");
        assertThat(answer.status()).as(answer.body()).isEqualTo(200);
    }

    private static void remove(Guest guest, ApiCaller api) {
        guest.text("umount /mnt");
        assertThat(api.put("vm.remove-device", "{\"id\":\"data\"}").status()).isEqualTo(204);
        guest.text("n=0; while [ -e /dev/pmem0 ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; usleep 100000; done");
        for (int i = 0; i < 300 && api.get("vm.info").body().contains("\"id\":\"data\""); i++) {
            guest.text("usleep 100000");
        }
        assertThat(api.get("vm.info").body()).doesNotContain("\"id\":\"data\"");
    }

    private static void appears(Guest guest) {
        guest.text("n=0; until [ -b /dev/pmem0 ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; usleep 100000; done");
    }
}
