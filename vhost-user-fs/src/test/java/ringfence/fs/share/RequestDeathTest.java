package ringfence.fs.share;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.fs.share.TestFolder.ROOT;
import static ringfence.fs.share.TestGuest.RDWR;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.fs.fuse.InLayout;
import ringfence.fs.fuse.Opcode;
import ringfence.fs.fuse.OutLayout;
import ringfence.fs.state.NodeTable;

/**
 * A daemon dies at each labelled point of each request that cannot be repeated; its successor gets the same request again. The
 * guest's reply, the folder and the counts are those of a daemon that did not die.
 */
class RequestDeathTest {
    private static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    /** A request on a folder that {@link #furnish} has furnished. */
    private enum Change {
        MKDIR {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.mkdir(ROOT, "new");
            }
        },
        MKNOD {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.mknod(known.folder, "new");
            }
        },
        SYMLINK {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.symlink(ROOT, "new", "wherever");
            }
        },
        LINK {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.link(known.file, ROOT, "new");
            }
        },
        CREATE {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.create(ROOT, "new", RDWR);
            }
        },
        CREATE_EXCLUSIVE {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.create(ROOT, "new", RDWR | 0x80);
            }
        },
        CREATE_EXISTING {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.create(ROOT, "file", RDWR);
            }
        },
        CREATE_CUT {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.create(ROOT, "file", RDWR | 0x200);
            }
        },
        UNLINK {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.unlink(ROOT, "file");
            }
        },
        UNLINK_UNKNOWN {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.unlink(ROOT, "nothing");
            }
        },
        RMDIR {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.rmdir(ROOT, "empty");
            }
        },
        RENAME {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.rename(ROOT, "file", known.folder, "moved", 0);
            }
        },
        RENAME_OVER {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.rename(ROOT, "file", ROOT, "other", 0);
            }
        },
        EXCHANGE {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.rename(ROOT, "file", ROOT, "folder", 2);
            }
        },
        LOOKUP {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.named(Opcode.LOOKUP, known.folder, "inside");
            }
        },
        OPEN {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.begin(Opcode.OPEN, known.file)
                        .int32(InLayout.OPEN_FLAGS, RDWR)
                        .upTo(InLayout.HEADER + 8);
            }
        },
        RELEASE {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.begin(Opcode.RELEASE, known.file)
                        .int64(InLayout.FH, known.handle)
                        .upTo(InLayout.HEADER + 24);
            }
        },
        APPEND {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.write(known.file, known.handle, 0, "more".getBytes(StandardCharsets.UTF_8));
            }
        },
        READDIRPLUS {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.list(Opcode.READDIRPLUS, ROOT, known.directory, 0, 4096);
            }
        },
        FORGET {
            @Override
            void ask(TestGuest guest, Known known) {
                guest.begin(Opcode.FORGET, known.file).int64(InLayout.FORGET_LOOKUPS, 1);
            }
        };

        abstract void ask(TestGuest guest, Known known);
    }

    private record Known(long folder, long file, long handle, long directory) {}

    private static Known furnish(TestFolder folder) throws IOException {
        Files.createDirectory(folder.path.resolve("folder"));
        Files.createDirectory(folder.path.resolve("empty"));
        Files.writeString(folder.path.resolve("folder/inside"), "inside");
        Files.writeString(folder.path.resolve("file"), "file");
        Files.writeString(folder.path.resolve("other"), "other");
        TestGuest guest = folder.guest;
        long at = guest.found(ROOT, "folder");
        guest.found(ROOT, "file");
        long file = guest.found(ROOT, "file");
        guest.found(ROOT, "other");
        long handle = guest.open(file, RDWR | 0x400);
        return new Known(at, file, handle, guest.opendir(ROOT));
    }

    /** All that the guest and the host could see. */
    private static List<String> everything(TestFolder folder, Known known) throws IOException {
        List<String> all = new ArrayList<>();
        TreeSet<String> names = new TreeSet<>();
        try (var files = Files.walk(folder.path)) {
            for (Path file : files.toList()) {
                String text = Files.isRegularFile(file) ? ": " + Files.readString(file) : "";
                names.add(folder.path.relativize(file) + text);
            }
        }
        all.addAll(names);
        NodeTable nodes = folder.state.nodes();
        TreeSet<String> counts = new TreeSet<>();
        nodes.forEach(slot ->
                counts.add(slot + " looked up " + nodes.lookups(slot) + " referred to " + nodes.references(slot)));
        all.addAll(counts);
        all.add("handles " + folder.state.handles().count());
        TestGuest guest = folder.guest;
        all.add("the file " + guest.getattr(known.file) + " " + guest.getattr(known.folder));
        all.add("its handle " + guest.read(known.file, known.handle, 0, 100).send() + " "
                + (guest.written() > OutLayout.HEADER ? new String(guest.answered(), StandardCharsets.UTF_8) : ""));
        all.add(String.join(" ", new TreeSet<>(guest.names(Opcode.READDIR, ROOT))));
        return all;
    }

    static List<Arguments> all() {
        List<Arguments> all = new ArrayList<>();
        for (Change change : Change.values()) {
            for (CrashPoints.At at : CrashPoints.At.values()) {
                all.add(Arguments.of(change, at));
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("all")
    void nobodyNoticesADeath(Change change, CrashPoints.At at) throws IOException {
        try (TestFolder calm = new TestFolder();
                TestFolder struck = new TestFolder()) {
            Known known = furnish(calm);
            change.ask(calm.guest, known);
            int expected = calm.guest.send();
            long written = calm.guest.written();

            Known same = furnish(struck);
            change.ask(struck.guest, same);
            struck.crash((point, _) -> {
                if (point == at) {
                    throw new Killed();
                }
            });
            int result;
            try {
                result = struck.guest.send();
                struck.restart(); // it has no such point
            } catch (Killed _) {
                struck.restart();
                result = at == CrashPoints.At.REPLIED ? struck.guest.late() : struck.guest.replay();
            }
            assertThat(result).isEqualTo(expected);
            assertThat(struck.guest.written()).isEqualTo(written);
            List<String> after = everything(struck, same);
            assertThat(after).isEqualTo(everything(calm, known));
        }
    }

    /** What is done is answered; what is not does not happen, and is an error. */
    @ParameterizedTest
    @EnumSource(
            value = CrashPoints.At.class,
            names = {"RECEIVED", "COMMITTED"})
    void whatTwoHaveDiedWithIsNotTriedAgain(CrashPoints.At at) throws IOException {
        for (Change change : Change.values()) {
            try (TestFolder calm = new TestFolder();
                    TestFolder struck = new TestFolder()) {
                Known known = furnish(calm);
                Known same = furnish(struck);
                change.ask(calm.guest, known);
                change.ask(struck.guest, same);
                struck.crash((point, _) -> {
                    if (point == at) {
                        throw new Killed();
                    }
                });
                if (!dies(struck.guest)) {
                    continue; // it has no such point
                }
                int expected = at == CrashPoints.At.COMMITTED ? calm.guest.send() : Errors.EIO;
                struck.restart();
                assertThat(struck.guest.refused()).as(change.name()).isEqualTo(change == Change.FORGET ? 0 : expected);
                assertThat(everything(struck, same)).isEqualTo(everything(calm, known));
            }
        }
    }

    private static boolean dies(TestGuest guest) {
        try {
            guest.send();
            return false;
        } catch (Killed _) {
            return true;
        }
    }
}
