package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import ringfence.it.lab.ApiCaller;
import ringfence.it.lab.Command;
import ringfence.it.lab.ConsoleTalk;
import ringfence.it.lab.Guest;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.VmmApi;

/** A Debian guest's hvc0 and who is at its other end. */
@OnKvmHost
class GuestConsolesTest {
    private static final Duration SOON = Duration.ofMinutes(2);
    /** Waits for a size of hvc0's, rows and columns, and prints what it then is. It has none first: stty complains. */
    private static final String SIZE =
            "n=0; until [ \"$(stty size </dev/hvc0 2>/dev/null)\" = '%s' ] || [ $n = 50 ]; do n=$((n + 1)); usleep"
                    + " 200000; done; stty size </dev/hvc0";

    private static final String VM =
            "{\"console\":CONSOLE,\"serial\":{\"mode\":\"Tty\"},\"memory\":{\"size\":536870912},"
                    + "\"payload\":{\"cmdline\":\"console=ttyS0 panic=1 quiet mitigations=off guest=agent\","
                    + "\"initramfs\":\"INITRAMFS\",\"kernel\":\"KERNEL\"}}";

    /** Who is at the other end: somebody who reads what the guest prints, and types. */
    private interface User {
        Program start(KvmHost host, ApiCaller api, Guest guest, String scratch);
    }

    /** Its size, too, is the guest's. */
    @Test
    void hvc0IsAPseudoTerminal(KvmHost host) {
        talks(host, "{\"mode\":\"Pty\"}", (there, api, guest, scratch) -> {
            VmmApi.Answer info = api.get("vm.info");
            Matcher told = Pattern.compile("\"console\":\\{\"mode\":\"Pty\",\"file\":\"(/dev/pts/\\d+)\"")
                    .matcher(info.body());
            assertThat(told.find()).as(info.body()).isTrue();
            String terminal = told.group(1);
            for (int columns : new int[] {132, 97}) {
                there.run("stty", "-F", terminal, "rows", "50", "cols", Integer.toString(columns));
                assertThat(guest.text(SIZE.formatted("50 " + columns))).isEqualTo("50 " + columns);
            }
            return there.start(ConsoleTalk.command(there, terminal));
        });
    }

    @Test
    void hvc0IsASocket(KvmHost host) {
        talks(
                host,
                "{\"mode\":\"Socket\",\"socket\":\"SCRATCH/console\"}",
                (there, _, _, scratch) -> there.start(ConsoleTalk.command(there, scratch + "/console")));
    }

    private static void talks(KvmHost host, String console, User other) {
        String scratch = host.script(
                        "mktemp -d \"$1/consoles-XXXXXX\"", host.places().scratch())
                .text();
        String socket = scratch + "/api";
        try (Guest guest = Guest.of(
                        host,
                        host.start(Command.of(host.places().program("cloud-hypervisor"))
                                .with("--api-socket", socket)));
                ApiCaller api = caller(host, socket)) {
            done(api.put(
                    "vm.create",
                    VM.replace("CONSOLE", console.replace("SCRATCH", scratch))
                            .replace("KERNEL", host.places().kernel("6.12", "vmlinuz"))
                            .replace("INITRAMFS", host.places().kernel("6.12", "initramfs"))));
            done(api.put("vm.boot", ""));
            guest.awaitReady();
            guest.text("stty raw -echo </dev/hvc0; echo early >/dev/hvc0");
            try (Program user = other.start(host, api, guest, scratch)) {
                user.out().await(0, "early", SOON);
                guest.text("echo printed >/dev/hvc0");
                user.out().await(0, "printed", SOON);
                guest.send("head -n 1 </dev/hvc0 >/run/typed; echo typed: $(cat /run/typed)");
                user.feed("hello\n");
                guest.console().await(0, "typed: hello", SOON);
            }
            done(api.put("vm.shutdown", ""));
            assertThat(api.put("vmm.shutdown", "").status()).isEqualTo(200);
            assertThat(guest.awaitEnd().status()).isZero();
        } finally {
            host.run("rm", "-rf", scratch);
        }
    }

    private static ApiCaller caller(KvmHost host, String socket) {
        host.script("n=0; until [ -S \"$1\" ]; do n=$((n + 1)); [ $n -lt 300 ] || exit 1; sleep 0.1; done", socket);
        return new ApiCaller(host, socket);
    }

    private static void done(VmmApi.Answer answer) {
        assertThat(answer).isEqualTo(new VmmApi.Answer(204, ""));
    }
}
