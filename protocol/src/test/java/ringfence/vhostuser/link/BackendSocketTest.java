package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/** A path at which a daemon is to listen, and what somebody has put there before. */
@Timeout(60)
class BackendSocketTest {
    private static final String NO_SOCKET = ": something that is no socket is there: remove it, or choose another path";

    @TempDir
    Path folder;

    private final Linux linux = Linux.system();

    private static BackendSocket at(Path path) {
        return new BackendSocket(Optional.of(path.toString()), OptionalInt.empty());
    }

    /** What may be in the way. */
    private enum Trap {
        FILE {
            @Override
            void put(Linux linux, Path at, Path elsewhere) throws IOException {
                Files.writeString(at, "precious");
            }
        },
        EMPTY_FOLDER {
            @Override
            void put(Linux linux, Path at, Path elsewhere) throws IOException {
                Files.createDirectory(at);
            }
        },
        PIPE {
            @Override
            void put(Linux linux, Path at, Path elsewhere) throws Exception {
                assertThat(new ProcessBuilder("mkfifo", at.toString()).start().waitFor())
                        .isZero();
            }
        },
        LINK_TO_NOTHING {
            @Override
            void put(Linux linux, Path at, Path elsewhere) throws IOException {
                Files.createSymbolicLink(at, elsewhere);
            }
        },
        LINK_TO_A_FILE {
            @Override
            void put(Linux linux, Path at, Path elsewhere) throws IOException {
                Files.createSymbolicLink(at, Files.writeString(elsewhere, "precious"));
            }
        },
        LINK_TO_A_FOLDER {
            @Override
            void put(Linux linux, Path at, Path elsewhere) throws IOException {
                Files.createSymbolicLink(at, Files.createDirectory(elsewhere));
            }
        },
        LINK_TO_A_SOCKET_OF_THE_DEAD {
            @Override
            void put(Linux linux, Path at, Path elsewhere) throws IOException {
                linux.sockets().listen(elsewhere.toString(), 1).close();
                Files.createSymbolicLink(at, elsewhere);
            }
        },
        LINK_TO_ITSELF {
            @Override
            void put(Linux linux, Path at, Path elsewhere) throws IOException {
                Files.createSymbolicLink(at, at);
            }
        };

        abstract void put(Linux linux, Path at, Path elsewhere) throws Exception;
    }

    private List<String> everything() throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            return all.map(BackendSocketTest::described).sorted().toList();
        }
    }

    private static String described(Path path) {
        try {
            BasicFileAttributes is = Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            return path + " " + is.fileKey() + " " + is.size() + " " + is.lastModifiedTime();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** One line that names it, and nothing there is changed, removed or made. */
    @ParameterizedTest
    @EnumSource
    void whatIsNoSocketIsRefusedAndStays(Trap trap) throws Exception {
        Path path = folder.resolve("s");
        trap.put(linux, path, folder.resolve("elsewhere"));
        List<String> before = everything();
        assertThatThrownBy(() -> at(path).listener(linux))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("socket " + path + NO_SOCKET);
        assertThatThrownBy(() -> at(path).serve(linux, ToyDevice.prompt(linux, 1), BackendOptions.defaults()))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("socket " + path + NO_SOCKET);
        assertThat(everything()).isEqualTo(before);
    }

    @Test
    void aSocketOfTheDeadIsReplacedByOneThatIsOurUsersOnly() throws Exception {
        Path path = folder.resolve("s");
        for (int i = 0; i < 2; i++) { // the first leaves it behind
            try (Fd _ = at(path).listener(linux);
                    Fd _ = linux.sockets().connect(path.toString())) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(path)))
                        .isEqualTo("rwx------");
            }
        }
    }

    @Test
    void aSocketOfTheLivingIsInUseAndStays() throws Exception {
        Path path = folder.resolve("s");
        try (Fd _ = at(path).listener(linux)) {
            Path link = Files.createSymbolicLink(folder.resolve("link"), path);
            List<String> before = everything();
            assertThatThrownBy(() -> at(path).listener(linux)).hasMessageContaining(path + " is in use");
            assertThatThrownBy(() -> at(link).listener(linux)).hasMessage("socket " + link + NO_SOCKET);
            assertThat(everything()).isEqualTo(before);
            linux.sockets().connect(path.toString()).close();
        }
    }

    @Test
    void aPathThatCannotBeIsNamed() {
        Path longest = folder.resolve("x".repeat(107 - folder.toString().length() - 1));
        assertThatThrownBy(() -> at(Path.of(longest + "x")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("socket path is too long: 108 bytes, at most 107: " + longest + "x");
        assertThatThrownBy(() -> at(folder.resolve("x".repeat(5000))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("socket path is too long");
        at(longest).listener(linux).close();
        Path nowhere = folder.resolve("no/s");
        assertThatThrownBy(() -> at(nowhere).listener(linux))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("socket " + nowhere + ": No such file or directory");
    }
}
