package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.fuse.PosixSuite;
import ringfence.it.lab.Guest;
import ringfence.it.lab.GuestDisk;
import ringfence.it.lab.GuestSpec;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.OnKvmHost;
import ringfence.it.lab.Outcome;
import ringfence.it.lab.RootDisk;
import ringfence.it.lab.Vmm;

/** What a guest's programs are answered in a shared folder, beside what they are answered on a disk's ext4. */
@OnKvmHost
class FolderSuiteTest {
    private static final Duration SUITE = Duration.ofMinutes(15);
    private static final Pattern SUM = Pattern.compile("(\\d+) cases, (\\d+) different");
    private static final int CASES = 4000;
    /** The beginning of the names of the cases that are run; all. */
    private static final String ONLY = System.getProperty("ringfence.promise.fs.only", "");

    @TempDir
    Path here;

    @Test
    void aSharedFolderAnswersAsExt4Does(KvmHost host) throws Exception {
        String folder = host.script(
                        "d=$(mktemp -d \"$1/suite-XXXXXX\"); mkdir $d/shared $d/shared/tested; chmod 755 $d; echo $d",
                        host.places().scratch())
                .text();
        host.write(folder + "/shared/posix", Files.readAllBytes(PosixSuite.build(here)));
        host.run("chmod", "755", folder + "/shared/posix");
        try (RootDisk disk = RootDisk.make(host, "suite.img", 128);
                Guest guest = Guest.start(
                        host,
                        new Vmm.Ringfence(),
                        GuestSpec.kernel("6.12")
                                .cpus(2)
                                .disk(GuestDisk.image(disk.path()))
                                .options("--fs", "tag=suite,path=" + folder + "/shared"))) {
            guest.awaitReady();
            assertThat(guest.text("mkdir /root/reference /root/shared; chmod 755 /root;"
                            + " mount -t virtiofs suite /root/shared; stat -f -c %T /root/reference"))
                    .isEqualTo("ext2/ext3");
            Outcome outcome = guest.run(
                    "cp /root/shared/posix /tmp/posix; cd /; /tmp/posix --only=" + ONLY
                            + " /root/reference /root/shared/tested >/tmp/out 2>&1; s=$?; tail -n 400 /tmp/out; exit"
                            + " $s",
                    SUITE);
            MatchResult sum = SUM.matcher(outcome.out()).results().findFirst().orElseThrow();
            System.out.println("counted: " + sum.group() + ", in a guest's shared folder and on its ext4");
            assertThat(outcome.out()).doesNotContain("different: ");
            assertThat(outcome.status()).isZero();
            assertThat(Integer.parseInt(sum.group(1))).isGreaterThan(ONLY.isEmpty() ? CASES : 0);
            assertThat(guest.complaints()).isEmpty();
            assertThat(guest.powerOff().status()).isZero();
        } finally {
            host.run("rm", "-rf", folder);
        }
    }
}
