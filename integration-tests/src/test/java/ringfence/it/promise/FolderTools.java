package ringfence.it.promise;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import ringfence.it.fuse.GuestProgram;
import ringfence.it.lab.Guest;
import ringfence.it.lab.KvmHost;
import ringfence.it.lab.Trees;

/**
 * What a guest needs to work in a shared folder: our programs for that in {@code /run/bin}, and in {@code /t} a tree with a
 * compiler, where it sees the shared folder as {@code /mnt} and its own {@code /tmp}.
 */
final class FolderTools {
    private static final Duration LONG = Duration.ofMinutes(3);

    private FolderTools() {}

    /** Builds programs of ours and puts them into a folder of the host, which it makes. */
    static void put(KvmHost host, String folder, GuestProgram... programs) throws IOException, InterruptedException {
        Path built = Files.createTempDirectory("ringfence-programs");
        try {
            host.run("mkdir", folder);
            for (GuestProgram program : programs) {
                host.write(folder + "/" + program.label(), Files.readAllBytes(program.build(built)));
            }
            host.script("chmod 755 \"$1\"/*", folder);
        } finally {
            Trees.remove(built);
        }
    }

    /**
     * Gives a guest the tools. The tree of {@code packaging/lab.d/toolchain} is its folder with the tag {@code toolchain}.
     *
     * @param mounted where it has the shared folder, with {@code bin}, what {@link #put} has made
     */
    static void prepare(Guest guest, String mounted) {
        guest.run(
                        "cp -r " + mounted + "/bin /run/bin && rm -r " + mounted + "/bin && mkdir /t && mount -t"
                                + " virtiofs toolchain /t && mount"
                                + " --bind /proc /t/proc && mount"
                                + " --bind /dev /t/dev && mount"
                                + " --bind /tmp /t/tmp && mount"
                                + " --bind " + mounted + " /t/mnt",
                        LONG)
                .orThrow();
    }

    /** The command that runs a script of the guest's {@code /tmp} among the tools. */
    static String among(String script) {
        return "HOME=/tmp GIT_CONFIG_NOSYSTEM=1 chroot /t sh /tmp/" + script;
    }
}
