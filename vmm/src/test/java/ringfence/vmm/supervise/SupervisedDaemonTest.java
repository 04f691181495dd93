package ringfence.vmm.supervise;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.sandbox.Box;

/** Which file a daemon's successors serve. The daemon is a script that does nothing. */
@Timeout(60)
class SupervisedDaemonTest {
    private static final String OTHER =
            " is another file than the one that the device began with: put that back, or shut the VM down";
    private static final String GONE = ", with which the device began, is gone (No such file or directory): put that"
            + " back, or shut the VM down";

    @TempDir
    Path home;

    private final Linux linux = Linux.system();
    private Path program;

    @BeforeEach
    void aProgram() throws IOException {
        program = Files.writeString(home.resolve("daemon"), "#!/bin/sh\nexec sleep 600\n");
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private SupervisedDaemon serving(Path served, boolean standby) {
        DaemonCommand command = new DaemonCommand(
                "_disk0",
                Optional.of(served.toString()),
                program,
                List.of(),
                Box.ofPrivileges(Set.of()),
                List.of(),
                Optional.empty(),
                standby);
        return new SupervisedDaemon(linux, command, Optional.empty(), line -> {
            throw new AssertionError(line);
        });
    }

    private Path file(String name) throws IOException {
        return Files.write(home.resolve(name), new byte[4096]);
    }

    private static void connects(SupervisedDaemon daemon, int starts) {
        try (Fd _ = daemon.connect()) {
            assertThat(daemon.starts()).isEqualTo(starts);
        }
    }

    private static void refuses(SupervisedDaemon daemon, String line) {
        int before = daemon.starts();
        assertThatThrownBy(daemon::connect)
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(line);
        assertThat(daemon.starts()).isEqualTo(before);
        assertThat(daemon.process()).as("the one before is dead").isEmpty();
    }

    /** As large, with the same name and bytes: the guest's disk is the file. */
    @Test
    void anotherFileInItsPlaceIsRefusedUntilTheFirstIsBack() throws Exception {
        Path image = file("image");
        Path kept = home.resolve("kept");
        try (SupervisedDaemon daemon = serving(image, false)) {
            connects(daemon, 1);
            connects(daemon, 2);
            Files.createLink(kept, image);
            Files.move(file("image.new"), image, StandardCopyOption.ATOMIC_MOVE);
            refuses(daemon, image + OTHER);
            refuses(daemon, image + OTHER);
            Files.move(kept, image, StandardCopyOption.ATOMIC_MOVE);
            connects(daemon, 3);
        }
    }

    @Test
    void aFileThatIsGoneIsRefusedUntilItIsBack() throws Exception {
        Path image = file("image");
        Path elsewhere = home.resolve("elsewhere");
        try (SupervisedDaemon daemon = serving(image, false)) {
            connects(daemon, 1);
            Files.move(image, elsewhere);
            refuses(daemon, image + GONE);
            Files.move(elsewhere, image);
            connects(daemon, 2);
        }
    }

    /** A file system gives the number of a file that nobody has to the next one. */
    @Test
    void aFileThatIsMadeAnewIsAnother() throws Exception {
        Path image = file("image");
        try (SupervisedDaemon daemon = serving(image, false)) {
            connects(daemon, 1);
            daemon.process().orElseThrow().kill();
            for (int i = 0; i < 20; i++) {
                Files.delete(image);
                file("image");
                refuses(daemon, image + OTHER);
            }
        }
    }

    @Test
    void aLinkIsFollowed() throws Exception {
        Path one = file("one");
        Path link = Files.createSymbolicLink(home.resolve("link"), one);
        try (SupervisedDaemon daemon = serving(link, false)) {
            connects(daemon, 1);
            Files.delete(link);
            Files.createSymbolicLink(link, file("two"));
            refuses(daemon, link + OTHER);
            Files.delete(link);
            Files.createLink(link, one);
            connects(daemon, 2);
        }
    }

    @Test
    void theSameHoldsForAFolderAndForADevice() throws Exception {
        Path folder = Files.createDirectory(home.resolve("folder"));
        Path device = Files.createSymbolicLink(home.resolve("device"), Path.of("/dev/zero"));
        try (SupervisedDaemon ofFolder = serving(folder, false);
                SupervisedDaemon ofDevice = serving(device, false)) {
            connects(ofFolder, 1);
            file("folder/new");
            connects(ofFolder, 2);
            Files.move(folder, home.resolve("elsewhere"));
            Files.createDirectory(folder);
            refuses(ofFolder, folder + OTHER);
            connects(ofDevice, 1);
            connects(ofDevice, 2);
            Files.delete(device);
            Files.createSymbolicLink(device, Path.of("/dev/null"));
            refuses(ofDevice, device + OTHER);
            Files.delete(device);
        }
    }

    /** What is grown, shrunk or written to is the same file. */
    @Test
    void aFileThatChangesIsTheSame() throws Exception {
        Path image = file("image");
        try (SupervisedDaemon daemon = serving(image, false)) {
            connects(daemon, 1);
            Files.write(image, new byte[8192]);
            Files.setPosixFilePermissions(image, PosixFilePermissions.fromString("r--------"));
            connects(daemon, 2);
        }
    }

    @Test
    void anUpgradeToAnotherFileIsRefusedAndThePresentDaemonServesOn() throws Exception {
        Path image = file("image");
        try (SupervisedDaemon daemon = serving(image, false);
                Fd _ = daemon.connect()) {
            int pid = daemon.process().orElseThrow().pid();
            Path kept = Files.move(image, home.resolve("kept"));
            assertThatThrownBy(() -> daemon.renew(0)).hasMessage(image + GONE);
            file("image");
            assertThatThrownBy(() -> daemon.renew(0)).hasMessage(image + OTHER);
            assertThat(daemon.process().orElseThrow().pid()).isEqualTo(pid);
            assertThat(ProcessHandle.of(pid)).isPresent();
            Files.move(kept, image, StandardCopyOption.REPLACE_EXISTING);
            assertThatThrownBy(() -> daemon.renew(0)).as("it is started").hasMessageContaining("not ready in time");
        }
    }

    /** One that waits is of no use while another file is there. */
    @Test
    void aStandbyDoesNotTakeOverForAnotherFile() throws Exception {
        Path image = file("image");
        try (SupervisedDaemon daemon = serving(image, true);
                Fd _ = daemon.connect()) {
            awaitChildren(2);
            Path kept = Files.move(image, home.resolve("kept"));
            file("image");
            refuses(daemon, image + OTHER);
            awaitChildren(1);
            Files.move(kept, image, StandardCopyOption.REPLACE_EXISTING);
            connects(daemon, 2);
        }
        awaitChildren(0);
    }

    @Test
    void noStandbyIsStartedForAnotherFile() throws Exception {
        Path image = file("image");
        try (SupervisedDaemon daemon = serving(image, true);
                Fd _ = daemon.connect()) {
            Files.move(file("image.new"), image, StandardCopyOption.ATOMIC_MOVE);
            Thread.sleep(1000); // it would be started after half of that
            awaitChildren(1);
        }
    }

    private static void awaitChildren(int count) throws InterruptedException {
        for (int i = 0; i < 5000 && ProcessHandle.current().children().count() != count; i++) {
            Thread.sleep(1);
        }
        assertThat(ProcessHandle.current().children()).hasSize(count);
    }

    /** Its daemon says why, in its own words. */
    @Test
    void aFirstFileThatIsMissingIsTheDaemonsMatter() throws Exception {
        Path image = home.resolve("image");
        try (SupervisedDaemon daemon = serving(image, false)) {
            connects(daemon, 1);
            file("image");
            connects(daemon, 2);
            Files.delete(image);
            refuses(daemon, image + GONE);
        }
    }

    @Test
    void nothingStaysOpen() throws Exception {
        Path image = file("image");
        connectedOnce(image); // loads what is needed
        long before = descriptors();
        connectedOnce(image);
        assertThat(descriptors()).isEqualTo(before);
    }

    private void connectedOnce(Path image) throws IOException {
        try (SupervisedDaemon daemon = serving(image, false)) {
            connects(daemon, 1);
            connects(daemon, 2);
            Files.delete(image);
            refuses(daemon, image + GONE);
            Files.write(image, new byte[4096]);
            refuses(daemon, image + OTHER);
        }
    }

    private static long descriptors() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.count();
        }
    }
}
