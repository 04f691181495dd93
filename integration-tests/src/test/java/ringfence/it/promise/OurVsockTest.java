package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.time.Duration;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import ringfence.it.fuse.GuestProgram;
import ringfence.it.lab.ApiCaller;
import ringfence.it.lab.Command;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.LabException;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Program;
import ringfence.it.lab.Vmm;
import ringfence.it.lab.VmmApi;

/** Programs of a Debian guest and of its host reach each other by sockets: {@code src/main/c/vsock} at both ends. */
@OnKvmHost
class OurVsockTest {
    private static final int FEW = 16;
    /** MiB each way; a soak carries more, and dials more often before the guest listens. */
    private static final int MIB = Integer.getInteger("ringfence.promise.vsock.mib", FEW);

    private static final int DIALS = MIB > FEW ? 1000 : 50;
    private static final int CONNECTIONS = 100;
    private static final int BYTES_OF_EACH = 100_000;
    private static final Duration LONG = Duration.ofSeconds(180 + 20L * MIB);

    private static final int ECHO = 7000;
    private static final int TO_GUEST = 7001;
    private static final int TO_HOST = 7002;
    private static final int NOBODYS = 7003;
    private static final int NOBODY_ACCEPTS = 3;

    /** Sends random bytes and ends its half, then prints what is answered, and the sum of what was sent. */
    private static final String SEND = "rm -f copy; mkfifo copy; md5sum <copy >sum & dd if=/dev/urandom bs=64k count="
            + 16 * MIB + " 2>/dev/null | tee copy | %s || exit; wait; cat sum";
    /** Takes all until that half ends, then answers with its sum. */
    private static final String RECEIVE = "rm -f answer; mkfifo answer; %s <answer | md5sum >answer";

    @Test
    void aGuestAndItsHostReachEachOther(KvmHost host) throws IOException, InterruptedException {
        String folder = host.script(
                        "mktemp -d \"$1/vsock-XXXXXX\"", host.places().scratch())
                .text();
        GuestSpec spec = GuestSpec.kernel("6.1")
                .cpus(2)
                .options("--vsock", "cid=3,id=first,socket=" + folder + "/v")
                .options("--fs", "tag=bin,readonly=on,path=" + folder + "/bin")
                .options("--api-socket", folder + "/api");
        try {
            FolderTools.put(host, folder + "/bin", GuestProgram.VSOCK);
            try (Guest guest = Guest.start(host, new Vmm.Ringfence(), spec)) {
                Sockets sockets = new Sockets(host, guest, folder);
                guest.awaitReady();
                guest.text("mkdir /mnt && mount -t virtiofs bin /mnt && cp /mnt/vsock /run && umount /mnt");
                sockets.refuseAndAccept();
                double out = sockets.toHost();
                double in = sockets.toGuestOrWhereItStands();
                System.out.printf(
                        Locale.ROOT,
                        "counted: vsock: %d MiB from the guest at %.1f MiB/s, to it at %.1f; %d connections of %d"
                                + " bytes at once; %d dials before it listened%n",
                        MIB,
                        MIB / out,
                        MIB / in,
                        CONNECTIONS,
                        BYTES_OF_EACH,
                        DIALS);
                try (ApiCaller api = new ApiCaller(host, folder + "/api")) {
                    sockets.leaveAndComeBack(api);
                }
                assertThat(guest.complaints()).isEmpty();
                assertThat(guest.powerOff().status()).isZero();
            }
            assertThat(host.script("cd \"$1\"; ls -d v w 2>/dev/null || true", folder)
                            .text())
                    .as("sockets that are left")
                    .isEmpty();
        } finally {
            host.run("rm", "-rf", folder);
        }
    }

    private record Sockets(KvmHost host, Guest guest, String folder) {
        /** Runs a script in the folder, with these as {@code $2} and on. */
        private String here(String script, Object... arguments) {
            String[] words = new String[arguments.length + 1];
            words[0] = folder;
            for (int i = 0; i < arguments.length; i++) {
                words[i + 1] = arguments[i].toString();
            }
            return host.run(LONG, Command.script("cd \"$1\"; " + script, words))
                    .orThrow()
                    .text();
        }

        private void inBackground(String script) {
            guest.run(
                            "cd /tmp; rm -f said; (" + script + ") 2>said & n=0; until grep -q ready /tmp/said"
                                    + " 2>/dev/null; do n=$((n + 1)); [ $n -lt 600 ] || exit 1; usleep 100000; done",
                            LONG)
                    .orThrow();
        }

        void refuseAndAccept() {
            Descriptors descriptors =
                    new Descriptors(host, Long.toString(guest.vmm().pid()), "");
            int open = descriptors.settled();
            here("bin/vsock refused v $2 $3", ECHO, DIALS);
            descriptors.await(open);
            assertThat(guest.run("/run/vsock connect " + NOBODYS + " </dev/null", LONG)
                            .status())
                    .as("nobody listens on the host")
                    .isEqualTo(NOBODY_ACCEPTS);
            inBackground("/run/vsock echo " + ECHO);
            here("bin/vsock many v $2 $3 $4", ECHO, CONNECTIONS, BYTES_OF_EACH);
            descriptors.await(open);
        }

        /** @return seconds */
        double toHost() {
            try (Program receiver = host.start(Command.script(
                    "cd \"$1\"; " + RECEIVE.formatted("bin/vsock accept v_$2"), folder, Integer.toString(TO_HOST)))) {
                receiver.err().await("^ready$", LONG);
                long begin = System.nanoTime();
                String sums = guest.run("cd /tmp; " + SEND.formatted("/run/vsock connect " + TO_HOST), LONG)
                        .orThrow()
                        .text();
                return compared(sums, begin);
            }
        }

        /** @return seconds */
        double toGuest() {
            inBackground(RECEIVE.formatted("/run/vsock listen " + TO_GUEST));
            long begin = System.nanoTime();
            return compared(here(SEND.formatted("bin/vsock dial v $2"), TO_GUEST), begin);
        }

        /** It stood still once, for no reason that was found: what both ends know then comes with the failure. */
        double toGuestOrWhereItStands() {
            try {
                return toGuest();
            } catch (LabException e) {
                e.addSuppressed(new LabException("where it stands: " + standing()));
                throw e;
            }
        }

        private String standing() {
            String inGuest = "for i in 1 2; do grep virtio /proc/interrupts; sleep 3; done; cat /tmp/said";
            String onHost = "for task in /proc/$1/task/*; do echo $(cat $task/comm $task/syscall); done";
            try {
                String vmm = host.run(
                                LONG,
                                Command.script(onHost, Long.toString(guest.vmm().pid())))
                        .text();
                return "the VMM's threads:\n" + vmm + "\nthe guest:\n" + guest.text(inGuest);
            } catch (LabException e) {
                return e.getMessage();
            }
        }

        private static double compared(String sums, long begin) {
            assertThat(sums.lines()).as("what arrived, what was sent").hasSize(2);
            assertThat(sums.lines().distinct().toList())
                    .as("what arrived, what was sent")
                    .singleElement()
                    .asString()
                    .matches("[0-9a-f]{32} .*");
            return (System.nanoTime() - begin) / 1e9;
        }

        /** The device goes while the echo listens, and another comes: the same program is reached through it. */
        void leaveAndComeBack(ApiCaller api) {
            assertThat(api.put("vm.remove-device", "{\"id\":\"first\"}").status())
                    .isEqualTo(204);
            here("n=0; while [ -e v ]; do n=$((n + 1)); [ $n -lt 600 ] || exit 1; usleep 100000; done");
            String second = "{\"id\":\"second\",\"cid\":4,\"socket\":\"" + folder + "/w\"}";
            VmmApi.Answer answer = api.put("vm.add-vsock", second);
            assertThat(answer.status()).as(answer.body()).isIn(200, 500); // 500: the first is not gone yet
            for (int i = 0; i < 50 && answer.status() == 500; i++) {
                answer = api.put("vm.add-vsock", second);
            }
            assertThat(answer.body()).contains("\"id\":\"second\",\"bdf\":\"0000:00:");
            here(
                    "n=0; until [ \"$(echo hello | bin/vsock dial w $2)\" = hello ]; do n=$((n + 1));"
                            + " [ $n -lt 100 ] || exit 1; usleep 100000; done",
                    ECHO);
        }
    }
}
