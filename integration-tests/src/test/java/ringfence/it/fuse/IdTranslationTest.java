package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ringfence.linux.Errno;

/** {@code --translate-uid} and {@code --translate-gid}: the guest's ids are others than the host's. */
class IdTranslationTest {
    private static final List<String> RULES = List.of(
            "map:0:100000:1000",
            "squash-guest:2000:3000:1000",
            "squash-host:40000:60000:10",
            "guest:5000:70000:10",
            "host:80000:6000:10",
            "forbid-guest:7000:10");

    @TempDir
    Path scratch;

    private static Share share() throws IOException, InterruptedException {
        List<String> options = RULES.stream()
                .flatMap(rule -> List.of("--translate-uid=" + rule, "--translate-gid=" + rule).stream())
                .toList();
        return Share.of(FsProgram.ours().orElseThrow(), options.toArray(String[]::new));
    }

    private static void owner(Attr attr, int id) {
        assertThat(List.of(attr.uid(), attr.gid())).isEqualTo(List.of(id, id));
    }

    /** Guest, host, and what the guest sees of that. */
    @Test
    void theGuestsIdsBecomeTheHosts() throws IOException, InterruptedException {
        try (Share share = share()) {
            int[][] rows = {
                {0, 100000, 0},
                {999, 100999, 999}, // mapped, both ways
                {1000, 1000, 1000}, // in no rule
                {2000, 3000, 3000},
                {2999, 3000, 3000}, // squashed
                {5009, 70009, 70009},
                {5010, 5010, 5010}, // one way
                {6000, 6000, 6000}, // a rule of the other way
                {40000, 40000, 60000}, // is seen as squashed
            };
            for (int[] row : rows) {
                for (Maker maker : Maker.values()) {
                    share.fuse.user(row[0], row[0]);
                    String name = row[0] + "'s-" + maker;
                    owner(maker.make(share.fuse, ROOT, name, 0644), row[2]);
                    if (maker != Maker.TMPFILE) {
                        assertThat(share.host(name, "uid")).as(name).isEqualTo(row[1]);
                        assertThat(share.host(name, "gid")).as(name).isEqualTo(row[1]);
                    }
                }
                share.fuse.user(0, 0);
                long node = share.fuse
                        .names()
                        .mknod(ROOT, "given" + row[0], 0100644, 0)
                        .node();
                owner(share.fuse.attributes().chown(node, row[0], row[0]), row[2]);
                assertThat(share.host("given" + row[0], "uid")).isEqualTo(row[1]);
            }
        }
    }

    @Test
    void theHostsIdsBecomeTheGuestsInEveryReply() throws IOException, InterruptedException {
        try (Share share = share()) {
            int[][] rows = {
                {100000, 0},
                {100999, 999},
                {101000, 101000},
                {40009, 60000},
                {80003, 6003},
                {70000, 70000},
                {7000, 7000}
            };
            for (int[] row : rows) {
                Path file = Files.createFile(share.folder.resolve("file"));
                Files.setAttribute(file, "unix:uid", row[0], LinkOption.NOFOLLOW_LINKS);
                Files.setAttribute(file, "unix:gid", row[0], LinkOption.NOFOLLOW_LINKS);
                Entry found = share.fuse.names().lookup(ROOT, "file");
                owner(found.attr(), row[1]);
                owner(share.fuse.attributes().get(found.node()), row[1]);
                owner(share.fuse.attributes().chmod(found.node(), 0600), row[1]);
                owner(share.fuse.names().link(found.node(), ROOT, "link").attr(), row[1]);
                owner(
                        share.fuse
                                .names()
                                .create(ROOT, "file", OpenFiles.RDWR, 0600)
                                .entry()
                                .attr(),
                        row[1]);
                assertThat(share.fuse.directories().all(ROOT, 4096, true))
                        .filteredOn(entry -> entry.name().equals("file"))
                        .allSatisfy(entry -> owner(entry.entry().attr(), row[1]));
                share.fuse.names().unlink(ROOT, "file");
                share.fuse.names().unlink(ROOT, "link");
            }
        }
    }

    @Test
    void whatIsForbiddenMakesAndGivesNothing() throws IOException, InterruptedException {
        try (Share share = share()) {
            long node = share.fuse.names().mknod(ROOT, "file", 0100644, 0).node();
            OperationsTest.fails(Errno.EPERM, () -> share.fuse.attributes().chown(node, 7000, 1));
            OperationsTest.fails(Errno.EPERM, () -> share.fuse.attributes().chown(node, 1, 7009));
            owner(share.fuse.attributes().get(node), 0);
            for (Maker maker : Maker.values()) {
                for (int[] user : new int[][] {{7000, 1}, {1, 7009}}) {
                    share.fuse.user(user[0], user[1]);
                    OperationsTest.fails(Errno.EPERM, () -> maker.make(share.fuse, ROOT, "x", 0644));
                }
            }
            assertThat(share.folder.resolve("x")).doesNotExist();
            share.fuse.user(7010, 7010);
            owner(Maker.MKDIR.make(share.fuse, ROOT, "allowed", 0755), 7010);
        }
    }

    /** One line that names the option, and exit code 2. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--translate-uid=map|map",
                "--translate-uid=map:1:2|with :FROM:TO:COUNT",
                "--translate-gid=map:1:2:3:4|with :FROM:TO:COUNT",
                "--translate-uid=forbid-guest:1:2:3|forbid-guest:FROM:COUNT",
                "--translate-uid=forbid-host:1:2|forbid-guest",
                "--translate-uid=map:a:2:3|FROM",
                "--translate-uid=map:-1:2:3|FROM",
                "--translate-uid=map:+1:2:3|FROM",
                "--translate-uid=map:0:0:0|at least one",
                "--translate-uid=map:0:4294967295:2|0 to 4294967295",
                "--translate-uid=map:4294967296:0:1|0 to 4294967295",
                "--translate-gid=map:9223372036854775807:0:1|0 to 4294967295",
                "--translate-gid=map:0:1:9223372036854775807|0 to 4294967295",
                "--translate-uid=squash-guest:0:4294967296:1|0 to 4294967295",
                "--translate-uid=map:0:10:10 --translate-uid=guest:9:90:1|give each id once",
                "--translate-uid=forbid-guest:0:4294967296 --translate-uid=map:1:1:1|give each id once",
                "--translate-gid=map:0:10:10 --translate-gid=host:19:0:1|give each id once",
                "--translate-uid=map:0:10:10 --posix-acl|--posix-acl",
            })
    void badRulesAreRefused(String options, String remedy) throws IOException, InterruptedException {
        List<String> command = FsProgram.ours()
                .orElseThrow()
                .on(scratch, scratch.resolve("s"), "auto", List.of(options.split(" ", -1)));
        Path errors = scratch.resolve("errors");
        Process process =
                new ProcessBuilder(command).redirectError(errors.toFile()).start();
        assertThat(process.waitFor()).as(options).isEqualTo(2);
        assertThat(Files.readAllLines(errors))
                .singleElement()
                .satisfies(line -> assertThat(line)
                        .startsWith("vhost-user-fs: --translate-")
                        .contains(remedy));
    }
}
