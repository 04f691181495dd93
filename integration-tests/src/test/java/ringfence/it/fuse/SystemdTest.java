package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import ringfence.it.fault.SystemdUnit;
import ringfence.linux.Linux;

/** The unit that docs/shared-folders.md shows, run by a real systemd: it keeps what the daemon leaves. */
class SystemdTest {
    private static final int KILLS = 5;

    private final Linux linux = Linux.system();

    private static byte[] text(int round) {
        return ("round " + round).getBytes(StandardCharsets.UTF_8);
    }

    @Test
    void aMountOutlivesTheKillsOfItsDaemon() throws IOException {
        assumeThat(linux.processes().effectiveUser() == 0 && SystemdUnit.isPossible())
                .as("root with systemd and control groups")
                .isTrue();
        try (HostFolder home = HostFolder.make();
                HostFolder shared = HostFolder.make();
                SystemdUnit unit = new SystemdUnit(
                        home.path(),
                        "shared-folders.md",
                        Map.of(
                                "/opt/ringfence/bin/vhost-user-fs",
                                FsProgram.ours().orElseThrow().command().getFirst(),
                                "/run/fs.sock",
                                SystemdUnit.socketIn(home.path()).toString(),
                                "/srv/work",
                                shared.path().toString()));
                FuseSession fuse = FuseSession.open(linux, unit.socket())) {
            fuse.guest().recoveryAt(unit.socket());
            Created file = fuse.names().create(ROOT, "file", OpenFiles.RDWR, 0644);
            Created unlinked = fuse.names().create(ROOT, "unlinked", OpenFiles.RDWR, 0644);
            fuse.names().unlink(ROOT, "unlinked");
            long gone = fuse.names().mkdir(ROOT, "gone", 0755).node();
            fuse.names().rmdir(ROOT, "gone");
            Set<Long> served = new HashSet<>();
            for (int round = 0; round < KILLS; round++) {
                write(fuse, file, round);
                write(fuse, unlinked, round);
                served.add(unit.kill().pid());
                assertRead(fuse, file, round);
                assertRead(fuse, unlinked, round);
                assertThat(fuse.attributes().get(gone).links()).isLessThan(2);
                fuse.names().mkdir(ROOT, "made" + round, 0755);
            }
            assertThat(served).as("processes").hasSize(KILLS);
            assertThat(Files.readString(shared.path().resolve("file"))).isEqualTo("round " + (KILLS - 1));
            for (int round = 0; round < KILLS; round++) {
                assertThat(shared.path().resolve("made" + round)).isDirectory();
            }
        }
    }

    private static void write(FuseSession fuse, Created file, int round) {
        fuse.files().write(file.entry().node(), file.opened().handle(), 0, text(round));
    }

    private static void assertRead(FuseSession fuse, Created file, int round) {
        assertThat(fuse.files().read(file.entry().node(), file.opened().handle(), 0, 100))
                .isEqualTo(text(round));
    }
}
