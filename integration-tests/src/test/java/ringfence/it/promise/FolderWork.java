package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ringfence.it.lab.Guest;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.Outcome;

/** What a guest does in its folder {@code /a} to find out whether it is a file system like any other. */
final class FolderWork {
    /** One in so many of the operations is done. */
    private static final int PART = Integer.getInteger("ringfence.promise.fs.part", 20);

    private static final long SEED = Long.getLong("ringfence.seed", System.nanoTime() >>> 20);
    private static final int OPERATIONS = 20_000 / PART;
    private static final int PROCESSES = 4;
    private static final int LEAST_CASES = 500;
    private static final int EVERY = Math.min(PART, 8);
    private static final int MANY = 300;
    private static final int ROUNDS = 3;
    private static final Duration LONG = Duration.ofMinutes(PART == 1 ? 60 : 5);
    private static final Pattern CASES = Pattern.compile("(\\d+) cases, (\\d+) different");
    /**
     * Linux's FUSE without killpriv_v2 (fuse_setattr) leaves a file its set-group-ID bit if its group may not execute it;
     * ext4 takes it from who is not in the group. docs/shared-folders.md says so.
     */
    private static final Pattern KNOWN = Pattern.compile("different: bits/(2745|6644)/.*/as 1000 55");
    /** Has a guest's kernel forget what it can. */
    static final String DROP = "sync; echo 3 >/proc/sys/vm/drop_caches; echo 3 >/proc/sys/vm/drop_caches;";

    private final KvmHost host;
    private final Guest guest;

    /** @param guest whose {@code /dev/vda} is an empty ext4, and which has {@link FolderTools} */
    FolderWork(KvmHost host, Guest guest) {
        this.host = host;
        this.guest = guest;
    }

    /** Everything. @param daemon the process that serves the folder */
    void all(String daemon) {
        System.out.println("work in a guest's folder: -Dringfence.seed=" + SEED);
        answersLikeADisk();
        holdsWhatWasWritten();
        bearsManyProcesses();
        passesFio();
        buildsAProject();
        isForgotten(daemon);
    }

    private String text(String script) {
        return guest.run(script, LONG).orThrow().text();
    }

    private String timed(String what, String script) {
        long begin = System.nanoTime();
        Outcome outcome = guest.run(script, LONG);
        assertThat(outcome.status()).as(what + ": " + outcome.text()).isZero();
        System.out.printf("%s in a guest's folder: %.1f s%n", what, (System.nanoTime() - begin) / 1e9);
        return outcome.text();
    }

    /** Our suite: what each call answers is what it answers on ext4. */
    private void answersLikeADisk() {
        Outcome outcome = guest.run(
                "mkdir /e /a/posix && mount -t ext4 /dev/vda /e && rmdir /e/lost+found && /run/bin/posix --every="
                        + EVERY + " /e /a/posix",
                LONG);
        String said = outcome.text();
        Matcher cases = CASES.matcher(said);
        assertThat(cases.find()).as(said).isTrue();
        assertThat(Integer.parseInt(cases.group(1))).isGreaterThanOrEqualTo(LEAST_CASES);
        List<String> different =
                said.lines().filter(line -> line.startsWith("different: ")).toList();
        assertThat(different)
                .as(said)
                .hasSize(Integer.parseInt(cases.group(2)))
                .allMatch(line -> KNOWN.matcher(line).matches());
        System.out.println("counted: " + cases.group(1) + " cases in a guest's folder and on its ext4, "
                + different.size() + " different, all by the guest's kernel");
    }

    /** fsx on a file and on one that has no name, both at once. */
    private void holdsWhatWasWritten() {
        String fsx = "/run/bin/fsx --operations=" + OPERATIONS + " --seed=" + SEED;
        String said = timed(
                "fsx",
                fsx + " --unlinked /a/unlinked >/tmp/unlinked & " + fsx
                        + " --drop /a/fsx; a=$?; wait $!; b=$?; cat /tmp/unlinked; exit $((a + b))");
        assertThat(said.lines().filter(line -> line.startsWith(OPERATIONS + " operations:")))
                .as(said)
                .hasSize(2);
        said.lines().forEach(line -> System.out.println("counted: fsx in a guest's folder: " + line));
    }

    private void bearsManyProcesses() {
        int each = OPERATIONS / PROCESSES;
        String said = timed(
                "load",
                "mkdir /a/load && /run/bin/load --processes=" + PROCESSES + " --operations=" + each + " --seed=" + SEED
                        + " /a/load");
        assertThat(said.lines().filter((each + " done")::equals)).as(said).hasSize(PROCESSES);
        System.out.println("counted: " + PROCESSES + " processes of " + each + " operations in a guest's folder");
    }

    private void passesFio() {
        int mib = Math.max(2, 64 / PART);
        timed(
                "fio --verify",
                "mkdir /a/fio; cat >/tmp/fio <<'EOF'\nexec fio --directory=/mnt/fio --size=" + mib
                        + "m --ioengine=psync --verify=crc32c --verify_fatal=1 --randseed=" + SEED
                        + " --minimal --name=pages --rw=randwrite --bs=4k --name=ranges --rw=randwrite"
                        + " --bsrange=512-64k --name=direct --rw=write --bs=64k"
                        + " --direct=1\n"
                        + "EOF\n" + FolderTools.among("fio"));
        System.out.println("counted: 3 jobs of fio --verify with " + mib + " MiB each in a guest's folder");
    }

    /** A clone of a repository in the folder, and a make. */
    private void buildsAProject() {
        String said = timed(
                "git clone and make",
                "cat >/tmp/project <<'EOF'\n" + FolderProject.SCRIPT + "EOF\n"
                        + FolderTools.among("project cloned made"));
        assertThat(said).contains("tree v");
    }

    /** What the guest forgets, the daemon does not keep: its descriptors are those of what is open, each time. */
    private void isForgotten(String daemon) {
        text("rm -r /a/load /a/fio; mkdir /a/many; cd /a/many; for i in $(seq " + MANY + "); do : >file$i; done; cd /; "
                + DROP);
        Descriptors open = new Descriptors(host, daemon, "");
        int least = open.settled();
        for (int round = 0; round < ROUNDS; round++) {
            text("ls -lR /a >/dev/null");
            assertThat(open.number()).as("known").isGreaterThan(least + MANY);
            text(DROP);
            open.await(least);
        }
        // two files, two handles on them, and the folder above
        String holders =
                text("for i in 1 2; do sleep 1000 </a/many/file$i >/dev/null 2>&1 & echo $!; done; sleep 1; ls -lR /a"
                        + " >/dev/null; " + DROP);
        open.await(least + 5);
        text("kill " + holders.replace('\n', ' ') + "; sleep 1;" + DROP);
        open.await(least);
        System.out.println("counted: " + ROUNDS + " times " + MANY + " files known and forgotten, " + least
                + " descriptors without, 5 more for two open files");
    }
}
