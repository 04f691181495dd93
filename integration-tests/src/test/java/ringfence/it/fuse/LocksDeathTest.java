package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import ringfence.linux.Errno;
import ringfence.linux.Linux;

/** The daemon that holds a guest's locks is killed, or gives its state away: they are held on, and who waits for one gets it. */
class LocksDeathTest {
    private static final int KILLS = 3;
    private static final int READ = 0;
    private static final int WRITE = 1;
    private static final int UNLOCK = 2;
    private static final long WAIT_MILLIS = 300;
    private static final int QUEUE = 1;
    private static final int ASIDE = 1;

    private final Linux linux = Linux.system();
    private Path folder;

    @BeforeEach
    void make() throws IOException {
        folder = Files.createTempDirectory(Path.of("/dev/shm"), "ringfence-share");
    }

    @AfterEach
    void remove() throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        }
    }

    private FsSuccession succession() throws IOException {
        return new FsSuccession(linux, FsProgram.ours().orElseThrow(), folder, "--posix-lock", "-o", "flock");
    }

    private static Process holder(Path file) throws IOException {
        Process process = new ProcessBuilder("flock", file.toString(), "sh", "-c", "echo held; read end")
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        assertThat(process.inputReader().readLine()).isEqualTo("held");
        return process;
    }

    private static boolean isFree(Path file) throws IOException, InterruptedException {
        return new ProcessBuilder("flock", "-n", file.toString(), "true")
                        .start()
                        .waitFor()
                == 0;
    }

    @Test
    void aSecondOwnerIsRefusedStill() throws Exception {
        try (FsSuccession succession = succession();
                FuseSession fuse = FuseSession.open(linux, succession.socket())) {
            fuse.guest().recovery(succession);
            Created made = fuse.names().create(FuseSession.ROOT, "f", OpenFiles.RDWR, 0600);
            long node = made.entry().node();
            long handle = made.opened().handle();
            OpenFiles files = fuse.files();
            files.lock(Opcode.SETLK, node, handle, 1, 0, 99, WRITE, false);
            files.lock(Opcode.SETLK, node, handle, 3, 0, Long.MAX_VALUE, READ, true);
            for (int i = 0; i < KILLS; i++) {
                succession.kill();
                assertThatThrownBy(() -> files.lock(Opcode.SETLK, node, handle, 2, 99, 200, READ, false))
                        .isInstanceOfSatisfying(
                                FuseException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EAGAIN));
                files.lock(Opcode.SETLK, node, handle, 2, 100, 200, READ, false);
                assertThat(isFree(folder.resolve("f"))).isFalse();
            }
            assertThat(succession.started()).isEqualTo(KILLS + 1);
            files.lock(Opcode.SETLK, node, handle, 1, 0, Long.MAX_VALUE, UNLOCK, false);
            files.lock(Opcode.SETLK, node, handle, 2, 99, 200, READ, false);
            files.lock(Opcode.SETLK, node, handle, 3, 0, Long.MAX_VALUE, UNLOCK, true);
            assertThat(isFree(folder.resolve("f"))).isTrue();
        }
    }

    /** For one that a process of the host has, while the daemon is killed. */
    @Test
    void whoWaitsGetsItFromASuccessor() throws Exception {
        try (FsSuccession succession = succession();
                FuseSession fuse = FuseSession.open(linux, succession.socket())) {
            fuse.guest().recovery(succession);
            Created made = fuse.names().create(FuseSession.ROOT, "f", OpenFiles.RDWR, 0600);
            Path file = folder.resolve("f");
            Process holder = holder(file);
            Thread fate = Thread.ofPlatform().start(() -> {
                try (var end = holder.outputWriter()) {
                    Thread.sleep(WAIT_MILLIS);
                    succession.kill();
                    Thread.sleep(WAIT_MILLIS);
                    end.flush();
                } catch (IOException | InterruptedException e) {
                    throw new IllegalStateException(e);
                }
            });
            fuse.files()
                    .lock(
                            Opcode.SETLKW,
                            made.entry().node(),
                            made.opened().handle(),
                            1,
                            0,
                            Long.MAX_VALUE,
                            WRITE,
                            true);
            fate.join();
            assertThat(holder.waitFor()).isNotNegative();
            assertThat(succession.started()).isEqualTo(2);
            assertThat(isFree(file)).isFalse();
        }
    }

    /** By DEVICE_STATE, while the first daemon lives on. Of one that is asked to go on itself, they are its own again. */
    @Test
    void theyGoWithTheState() throws Exception {
        try (FsDaemon first = daemon();
                FsDaemon second = daemon();
                FuseSession fuse = new FuseSession(new FuseGuest(linux, new FuseShape(1, 2, 1 << 20, 1024, false)))) {
            FuseGuest guest = fuse.guest();
            guest.connect(first.socket().toString());
            fuse.init(Init.MINOR, FuseSession.FLAGS, 0);
            Created made = fuse.names().create(FuseSession.ROOT, "f", OpenFiles.RDWR, 0600);
            Created other = fuse.names().create(FuseSession.ROOT, "g", OpenFiles.RDWR, 0600);
            Process holder = holder(folder.resolve("g"));
            take(fuse, made, 1);
            waitsAside(guest, other);
            guest.save();
            assertThat(isFree(folder.resolve("f"))).as("given away").isTrue();
            guest.start();
            areHeld(fuse, made);
            byte[] state = guest.save();
            guest.lost();
            guest.connect(second.socket().toString(), state);
            areHeld(fuse, made);
            first.kill();
            assertThat(isFree(folder.resolve("f"))).isFalse();
            holder.outputWriter().close();
            assertThat(guest.take(QUEUE)).isEqualTo(ASIDE);
            assertThat(guest.ram().get(ValueLayout.JAVA_INT, guest.reply(QUEUE, ASIDE) + 4))
                    .isZero();
            assertThat(isFree(folder.resolve("g"))).isFalse();
        }
    }

    private FsDaemon daemon() throws Exception {
        return FsDaemon.start(FsProgram.ours().orElseThrow(), folder, "--posix-lock", "--flock");
    }

    /** By flock(2), and by fcntl(2). */
    private static void take(FuseSession fuse, Created file, long owner) {
        for (boolean flock : new boolean[] {true, false}) {
            fuse.files()
                    .lock(
                            Opcode.SETLK,
                            file.entry().node(),
                            file.opened().handle(),
                            owner,
                            0,
                            Long.MAX_VALUE,
                            WRITE,
                            flock);
        }
    }

    private static void waitsAside(FuseGuest guest, Created file) {
        FuseRequest request = new FuseRequest(guest.ram())
                .begin(
                        guest.request(QUEUE, ASIDE),
                        Opcode.SETLKW,
                        1 << 20,
                        file.entry().node(),
                        0,
                        0)
                .u64(file.opened().handle())
                .u64(1)
                .u64(0)
                .u64(Long.MAX_VALUE)
                .u32(WRITE)
                .u32(1)
                .u32(1)
                .u32(0)
                .end(0);
        guest.offer(QUEUE, ASIDE, request.length(), 0, 0, 0, true);
        guest.publish(QUEUE);
    }

    private void areHeld(FuseSession fuse, Created file) throws Exception {
        assertThatThrownBy(() -> take(fuse, file, 2)).hasMessageContaining("EAGAIN");
        assertThatThrownBy(() -> fuse.files()
                        .lock(Opcode.SETLK, file.entry().node(), file.opened().handle(), 2, 0, 0, READ, false))
                .hasMessageContaining("EAGAIN");
        assertThat(isFree(folder.resolve("f"))).isFalse();
    }
}
