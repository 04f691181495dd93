package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.share.CrashPoints;
import ringfence.it.fault.DaemonCommand;
import ringfence.it.lab.Trees;
import ringfence.linux.Linux;

/** The daemon is killed under load: the mount and what is open live on, and nothing is done twice or not at all. */
class FsDaemonDeathTest {
    private static final int KILLS = Integer.getInteger("ringfence.fs.kills", 13);
    /** At each labelled point, of which there are many: each death is the start of a JVM from a class path. */
    private static final int DEATHS = Math.clamp(KILLS / 5, 5, 50);
    /** In milliseconds, of 95 in 100 kills. */
    private static final long GAP = 250;

    /** Under each load, of which there are four. */
    private static final int IN_FULL = 250;

    private static final int EXCHANGE = 2;

    private final Linux linux = Linux.system();
    private final long seed = Long.getLong("ringfence.seed", System.nanoTime());
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

    private interface Work {
        void step();
    }

    private interface Load {
        Work on(FuseSession fuse, SplittableRandom random);
    }

    private void under(String what, Load load, Runnable... atTheEnd) throws IOException {
        try (FsSuccession succession = new FsSuccession(linux, FsProgram.ours().orElseThrow(), folder, "--xattr");
                FuseSession fuse = FuseSession.open(linux, succession.socket())) {
            fuse.guest().recovery(succession);
            kill(what, succession, load.on(fuse, new SplittableRandom(seed)), atTheEnd);
        } catch (IllegalStateException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    private void kill(String what, Mortal daemons, Work work, Runnable... atTheEnd) {
        try (Killer killer = new Killer(daemons, KILLS, new SplittableRandom(seed + 1))) {
            do {
                work.step();
            } while (killer.step());
            for (Runnable run : atTheEnd) {
                run.run();
            }
            System.out.println("counted: " + what + ", seed " + seed + ": " + killer.report());
            if (KILLS >= IN_FULL) { // on a host that has time for it
                assertThat(killer.gaps().millis(95)).as(killer.report()).isLessThanOrEqualTo(GAP);
            }
        }
    }

    /** By daemons in their boxes, each of which has waited to take over. */
    @Test
    void namesAreMadeAndCountedOnceWithAStandby() throws IOException {
        try (SupervisedFolder daemons = new SupervisedFolder(linux, folder);
                FuseSession fuse = FuseSession.open(linux, daemons.successor())) {
            fuse.guest().recovery(daemons);
            NamesRun run = new NamesRun(fuse, new SplittableRandom(seed), true);
            kill("names with a standby", daemons, run::step, run::finish);
        } catch (IllegalStateException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    /** A file with a name, or one that has lost it and is still open. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void fsxGoesOn(boolean unlinked) throws IOException {
        Fsx[] fsx = new Fsx[1];
        under(
                unlinked ? "fsx on an unlinked file" : "fsx",
                (fuse, random) -> {
                    fsx[0] = new Fsx(fuse, random, unlinked);
                    return fsx[0]::step;
                },
                () -> fsx[0].finish(),
                () -> System.out.println("counted: " + fsx[0].report()));
    }

    /** Names, counts, handles, attributes and appended bytes: exactly once. */
    @Test
    void namesAreMadeAndCountedOnce() throws IOException {
        NamesRun[] run = new NamesRun[1];
        under(
                "names",
                (fuse, random) -> {
                    run[0] = new NamesRun(fuse, random, true);
                    return run[0]::step;
                },
                () -> run[0].finish(),
                () -> System.out.println("counted: " + run[0].report()));
    }

    /** At each labelled point of a request, whichever it is: names, counts, handles, attributes and appended bytes. */
    @ParameterizedTest
    @EnumSource(CrashPoints.At.class)
    void nothingIsDoneTwiceWhereverItDies(CrashPoints.At point) throws IOException {
        FsProgram mortal = FsProgram.ours(DaemonCommand.java(MortalFs.class, "-D" + MortalFs.POINT + "=" + point));
        try (FsSuccession succession = new FsSuccession(linux, mortal, folder);
                FuseSession fuse = FuseSession.open(linux, succession.socket())) {
            fuse.guest().recovery(succession);
            NamesRun run = new NamesRun(fuse, new SplittableRandom(seed), true);
            while (succession.started() <= DEATHS) {
                run.step();
            }
            run.finish();
            System.out.println("counted: " + (succession.started() - 1) + " deaths at " + point + ", seed " + seed
                    + ": " + run.report());
        } catch (IllegalStateException e) {
            throw new AssertionError("seed " + seed, e);
        }
    }

    /** What a guest can tell from having been done twice, or not at all: it has asked once. */
    @Test
    void whatMayHappenOnceHappensOnceWhereverItDies() throws IOException {
        Path deaths = Files.createTempDirectory("ringfence-deaths");
        FsProgram mortal = FsProgram.ours(DaemonCommand.java(MortalFs.class, "-D" + MortalFs.DEATHS + "=" + deaths));
        try (FsSuccession succession = new FsSuccession(linux, mortal, folder);
                FuseSession fuse = FuseSession.open(linux, succession.socket())) {
            fuse.guest().recovery(succession);
            Names names = fuse.names();
            for (CrashPoints.At at : CrashPoints.At.values()) {
                for (Opcode opcode : List.of(Opcode.MKDIR, Opcode.CREATE, Opcode.RENAME2)) {
                    Files.createFile(deaths.resolve(MortalFs.death(at, opcode)));
                }
                String fileName = "file-" + at;
                String folderName = "folder-" + at;
                long made = names.mkdir(FuseSession.ROOT, folderName, 0755).node();
                Created file = names.create(FuseSession.ROOT, fileName, OpenFiles.RDWR | OpenFiles.EXCL, 0644);
                long node = file.entry().node();
                names.rename2(FuseSession.ROOT, fileName, FuseSession.ROOT, folderName, EXCHANGE);
                assertThat(names.lookup(FuseSession.ROOT, fileName).node())
                        .as("exchanged at " + at)
                        .isEqualTo(made);
                assertThat(Files.isRegularFile(folder.resolve(folderName)))
                        .as("exchanged at " + at)
                        .isTrue();
                assertThat(fuse.files().write(node, file.opened().handle(), 0, new byte[] {1}))
                        .isOne();
                fuse.files().release(node, file.opened().handle());
                isKnown(fuse, node, 1);
                isKnown(fuse, made, 2);
            }
            int asked = CrashPoints.At.values().length * 3;
            assertThat(deaths).isEmptyDirectory();
            assertThat(succession.started()).isEqualTo(asked + 1);
            System.out.println(
                    "counted: " + asked + " deaths of mkdir, O_EXCL and exchange, one at each point of each");
        } finally {
            Trees.remove(deaths);
        }
    }

    private static void isKnown(FuseSession fuse, long node, int lookups) {
        fuse.names().forget(node, lookups - 1);
        assertThat(fuse.attributes().get(node).links()).isPositive();
        fuse.names().forget(node, 1);
        assertThatThrownBy(() -> fuse.attributes().get(node)).hasMessageContaining("ESTALE");
    }

    /** It is found by what was kept since the name last seen went; a removal of the other that fails lets go of nothing. */
    @Test
    void aFileThatHasLostANameOutlivesARemovalThatFails() throws IOException {
        try (FsSuccession succession =
                        new FsSuccession(linux, FsProgram.ours().orElseThrow(), folder, "--inode-file-handles=never");
                FuseSession fuse = FuseSession.open(linux, succession.socket())) {
            fuse.guest().recovery(succession);
            Names names = fuse.names();
            long file = names.create(FuseSession.ROOT, "first", OpenFiles.RDWR, 0644)
                    .entry()
                    .node();
            names.link(file, FuseSession.ROOT, "second");
            names.unlink(FuseSession.ROOT, "second");
            assertThatThrownBy(() -> names.rmdir(FuseSession.ROOT, "first")).hasMessageContaining("ENOTDIR");
            succession.kill();
            assertThat(fuse.attributes().get(file).links()).isOne();
            assertThat(succession.started()).isEqualTo(2);
        }
    }

    /** COPY_FILE_RANGE is a successor's first request: it has opened neither file yet. */
    @Test
    void aSuccessorCopiesFromOneOpenFileToAnother() throws IOException {
        try (FsSuccession succession = new FsSuccession(linux, FsProgram.ours().orElseThrow(), folder);
                FuseSession fuse = FuseSession.open(linux, succession.socket())) {
            fuse.guest().recovery(succession);
            Created from = fuse.names().create(FuseSession.ROOT, "from", OpenFiles.RDWR, 0644);
            Created to = fuse.names().create(FuseSession.ROOT, "to", OpenFiles.RDWR, 0644);
            fuse.files().write(from.entry().node(), from.opened().handle(), 0, new byte[] {1, 2, 3});
            succession.kill();
            assertThat(fuse.files()
                            .copyRange(
                                    from.entry().node(),
                                    from.opened().handle(),
                                    0,
                                    to.entry().node(),
                                    to.opened().handle(),
                                    0,
                                    3))
                    .isEqualTo(3);
            assertThat(Files.readAllBytes(folder.resolve("to"))).containsExactly(1, 2, 3);
        }
    }

    /** A remount lies between two kills: numbers of requests start again, and mean other requests. */
    @Test
    void aSessionThatEndedIsForgotten() throws IOException {
        under("remounts", (fuse, random) -> {
            long[] count = {0};
            return () -> {
                NamesRun run = new NamesRun(fuse, random, true, "mount" + count[0]++);
                for (int i = random.nextInt(50); i >= 0; i--) {
                    run.step();
                }
                run.finish();
                fuse.destroy();
                fuse.restart();
                fuse.init(Init.MINOR, FuseSession.FLAGS, 0);
            };
        });
    }
}
