package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The suite that a guest's shared folder has to pass finds differences, and only those that are there. */
class PosixSuiteTest {
    private static final Pattern SUM = Pattern.compile("(\\d+) cases, (\\d+) different\\s*$");
    private static final int CASES = 4000;

    @TempDir
    Path folder;

    private int[] run(int status, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(said).isEqualTo(status);
        Matcher sum = SUM.matcher(said);
        assertThat(sum.find()).as(said).isTrue();
        return new int[] {Integer.parseInt(sum.group(1)), Integer.parseInt(sum.group(2))};
    }

    /** tmpfs and a disk's file system answer alike. */
    @Test
    void goodFileSystemsDoNotDiffer() throws IOException, InterruptedException {
        String program = GuestProgram.POSIX.build(folder).toString();
        Path memory = Files.createTempDirectory(Path.of("/dev/shm"), "ringfence-posix");
        Path disk = Files.createTempDirectory(Path.of("/var/tmp"), "ringfence-posix");
        try {
            int[] sum = run(0, program, memory.toString(), disk.toString());
            assertThat(sum[0]).isGreaterThan(CASES);
            System.out.println("counted: " + sum[0] + " cases on tmpfs and on "
                    + Files.getFileStore(disk).type() + ", none different");
        } finally {
            Files.delete(memory);
            Files.delete(disk);
        }
    }

    /** One on which devices are not opened differs in just that; one that is full, in everything. */
    @Test
    void whatDiffersIsFound() throws IOException, InterruptedException {
        String program = GuestProgram.POSIX.build(folder).toString();
        Path reference = Files.createDirectory(folder.resolve("reference"));
        Path odd = Files.createDirectory(folder.resolve("odd"));
        String script = "mount -t tmpfs -o mode=777,$3 none \"$2\" && exec \"$0\" --only=kind \"$1\" \"$2\"";
        List<String> command =
                List.of("unshare", "-m", "sh", "-c", script, program, reference.toString(), odd.toString());
        int[] few = run(1, with(command, "nodev"));
        assertThat(few[1]).isBetween(1, 20);
        int[] all = run(1, with(command, "nr_inodes=3"));
        assertThat(all[1]).isGreaterThan(all[0] / 2);
    }

    private static String[] with(List<String> command, String option) {
        String[] all = command.toArray(new String[command.size() + 1]);
        all[command.size()] = option;
        return all;
    }
}
