package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.ApiCaller;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Vmm;
import ringfence.it.lab.VmmApi;

/** Debian guests give memory to their host, which has it: measured by what the VMM's memfd takes. */
@OnKvmHost
class BalloonGuestTest {
    private static final long MIB = 1 << 20;
    private static final int MEMORY = 352;
    private static final int WRITTEN = 160;
    private static final int BALLOON = 128;
    private static final Duration LONG = Duration.ofMinutes(4);

    private static ApiCaller boot(KvmHost host, Guest guest, String socket) {
        guest.awaitReady();
        return new ApiCaller(host, socket);
    }

    private static GuestSpec spec(String kernel, String socket, String balloon) {
        return GuestSpec.kernel(kernel).memory(MEMORY).options("--api-socket", socket, "--balloon", balloon);
    }

    /** MiB that the guest's memory takes of the host's. */
    private static long taken(KvmHost host, Guest guest) {
        String blocks = host.script(
                        "for fd in /proc/$1/fd/*; do case $(readlink $fd) in /memfd:guest-ram*) stat -L -c %b $fd;;"
                                + " esac; done",
                        Long.toString(guest.vmm().pid()))
                .text();
        return blocks.lines().mapToLong(Long::parseLong).sum() * 512 / MIB;
    }

    private static long number(VmmApi.Answer answer, String name) {
        Matcher found = Pattern.compile("\"" + name + "\":(\\d+)").matcher(answer.body());
        assertThat(found.find()).as(answer.body()).isTrue();
        return Long.parseLong(found.group(1));
    }

    private static void await(BooleanSupplier what, String otherwise) throws InterruptedException {
        long deadline = System.nanoTime() + LONG.toNanos();
        while (!what.getAsBoolean()) {
            assertThat(System.nanoTime()).as(otherwise).isLessThan(deadline);
            Thread.sleep(500);
        }
    }

    /** It writes to most of its memory, and frees it. */
    private static void use(Guest guest) {
        guest.text("mount -o remount,size=90% /tmp; dd if=/dev/zero of=/tmp/file bs=1M count=" + WRITTEN
                + " 2>/dev/null; rm /tmp/file");
    }

    private static String scratch(KvmHost host) {
        return host.script("mktemp -d \"$1/balloon-XXXXXX\"", host.places().scratch())
                .text();
    }

    @Test
    void aGuestGivesMemoryAndHasItAgain(KvmHost host) throws Exception {
        String scratch = scratch(host);
        String socket = scratch + "/api";
        try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec("6.12", socket, "size=0,statistics=on"));
                ApiCaller api = boot(host, guest, socket)) {
            use(guest);
            long before = taken(host, guest);
            assertThat(before).isGreaterThan(WRITTEN);
            resize(api, BALLOON);
            await(() -> actual(api) == MEMORY - BALLOON, "the balloon does not fill");
            long after = taken(host, guest);
            System.out.println("counted: a guest of " + MEMORY + " MiB took " + before + " MiB, and " + after
                    + " MiB with a balloon of " + BALLOON + " MiB");
            assertThat(after).isLessThanOrEqualTo(MEMORY - BALLOON);
            api.get("vm.counters");
            await(() -> api.get("vm.counters").body().contains("\"free_memory\""), "the guest tells nothing");
            long total = number(api.get("vm.counters"), "total_memory") / MIB;
            assertThat(total).isBetween((long) MEMORY - BALLOON - 100, (long) MEMORY - BALLOON);
            guest.send("reboot -f");
            guest.awaitReady();
            await(() -> actual(api) == MEMORY - BALLOON, "the balloon does not fill after a reboot");
            resize(api, 0);
            await(() -> actual(api) == MEMORY, "the balloon does not empty");
            use(guest);
            assertThat(taken(host, guest)).isGreaterThan(WRITTEN);
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-rf", scratch);
        }
    }

    private static void resize(ApiCaller api, int mebibytes) {
        assertThat(api.put("vm.resize", "{\"desired_balloon\":" + mebibytes * MIB + "}"))
                .isEqualTo(new VmmApi.Answer(204, ""));
    }

    private static long actual(ApiCaller api) {
        return number(api.get("vm.info"), "memory_actual_size") / MIB;
    }

    /** Of its own accord, without a balloon's size. This kernel counts the queues in the way of old. */
    @Test
    void whatAGuestFreesIsTheHosts(KvmHost host) throws Exception {
        String scratch = scratch(host);
        String socket = scratch + "/api";
        try (Guest guest =
                        Guest.start(host, new Vmm.Ringfence(), spec("6.1", socket, "size=0,free_page_reporting=on"));
                ApiCaller api = boot(host, guest, socket)) {
            use(guest);
            await(() -> taken(host, guest) < WRITTEN, "nothing comes back");
            long after = taken(host, guest);
            long reported = number(api.get("vm.counters"), "reported_bytes") / MIB;
            System.out.println("counted: a guest of " + MEMORY + " MiB has written " + WRITTEN + " MiB, reported "
                    + reported + " MiB as free, and takes " + after + " MiB");
            assertThat(reported).isGreaterThan(WRITTEN / 2);
            use(guest);
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-rf", scratch);
        }
    }
}
