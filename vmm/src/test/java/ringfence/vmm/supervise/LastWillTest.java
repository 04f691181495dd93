package ringfence.vmm.supervise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;

/** What goes when the process ends that named it: here, when it closes its end. */
class LastWillTest {
    @TempDir
    Path home;

    private LastWill will;

    @BeforeEach
    void begin() throws IOException {
        Path program = Files.createDirectory(home.resolve("lib")).resolve("last-will");
        Files.copy(Path.of("../packaging/last-will"), program, StandardCopyOption.COPY_ATTRIBUTES);
        will = new LastWill(Linux.system(), home);
    }

    private Path directory(String name) throws IOException {
        Path made = Files.createDirectories(home.resolve(name).resolve("in it"));
        Files.createFile(made.resolve("file"));
        return home.resolve(name);
    }

    private ServerSocketChannel served(Path socket) throws IOException {
        return ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(socket));
    }

    private Path left(String name) throws IOException {
        Path socket = home.resolve(name);
        served(socket).close();
        assertThat(socket).exists();
        return socket;
    }

    /** The end, once the shell is there that is to outlive it. */
    private void end() throws InterruptedException {
        awaitShell();
        will.close();
    }

    private void awaitShell() throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (ProcessHandle.current().children().noneMatch(this::isShell)) {
            assertThat(System.nanoTime()).as("it starts").isLessThan(deadline);
            Thread.sleep(1);
        }
    }

    private boolean isShell(ProcessHandle child) {
        String program = home.resolve("lib/last-will").toString();
        return child.info().commandLine().orElse("").contains(program);
    }

    private static void awaitGone(Path... paths) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (Arrays.stream(paths).anyMatch(path -> Files.exists(path, LinkOption.NOFOLLOW_LINKS))) {
            assertThat(System.nanoTime()).as(List.of(paths).toString()).isLessThan(deadline);
            Thread.sleep(1);
        }
    }

    @Test
    void directoriesAndSocketsThatNobodyServesGo() throws Exception {
        Path directory = directory("vm 1");
        Path socket = left("a socket \\n");
        Path last = left("last");
        List.of(directory, socket, home.resolve("is not there"), last).forEach(will::names);
        assertThat(directory).exists();
        end();
        awaitGone(directory, socket, last);
    }

    /** What comes after them is gone, so they have been passed over. */
    @Test
    void aSocketThatIsServedStaysAndSoDoFilesAndWhatLinksLeadTo() throws Exception {
        Path socket = home.resolve("served");
        Path file = Files.createFile(home.resolve("file"));
        Path elsewhere = directory("elsewhere");
        Path link = Files.createSymbolicLink(home.resolve("link"), elsewhere);
        Path within = directory("within");
        Files.createSymbolicLink(within.resolve("link"), elsewhere);
        Path last = left("last");
        try (ServerSocketChannel _ = served(socket)) {
            List.of(socket, file, link, within, last).forEach(will::names);
            end();
            awaitGone(within, last);
            assertThat(socket).exists();
        }
        assertThat(file).exists();
        assertThat(link).exists();
        assertThat(elsewhere.resolve("in it/file")).exists();
    }

    /** The kernel closes what the killed one had open in any order: the shell's input may be gone before a socket is. */
    @Test
    void aSocketThatIsClosedSoonAfterGoesToo() throws Exception {
        Path socket = home.resolve("served");
        ServerSocketChannel served = served(socket);
        will.names(socket);
        awaitShell();
        Thread closer = Thread.ofPlatform().start(() -> {
            try {
                Thread.sleep(200);
                served.close();
            } catch (IOException | InterruptedException e) {
                throw new AssertionError(e);
            }
        });
        will.close();
        awaitGone(socket);
        closer.join();
    }

    /** It is not what decides whether a VM starts. */
    @Test
    void whereItCannotBeStartedNothingElseFails() throws Exception {
        Path directory = directory("vm-1");
        Files.writeString(home.resolve("lib/last-will"), "#!/nowhere\n");
        will.names(directory);
        while (Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().equals("last-will"))) {
            Thread.sleep(1);
        }
        assertThat(ProcessHandle.current().children().noneMatch(this::isShell)).isTrue();
        will.names(directory("vm-2"));
        will.close();
        new LastWill(Linux.system(), home.resolve("nowhere")).names(directory);
        assertThat(directory).exists();
    }

    /** Names that are longer together than what a socket holds. */
    @Test
    @Timeout(60)
    void nobodyWaitsForOneThatDoesNotRead() throws Exception {
        Files.writeString(home.resolve("lib/last-will"), "#!/bin/sh\nexec sleep 0.5\n");
        for (int i = 0; i < LastWill.MOST + 1; i++) {
            will.names(home.resolve("directory-" + "x".repeat(200) + i));
        }
        Thread.sleep(500); // it has started
        will.names(home.resolve("another"));
        will.close();
    }

    /** More than a socket holds messages. */
    @Test
    void hundredsAreToldOf() throws Exception {
        for (int i = 0; i < 500; i++) {
            will.names(home.resolve("is not there " + i));
        }
        Path last = directory("last");
        will.names(last);
        end();
        awaitGone(last);
    }

    @Test
    void aNameWithALineBreakIsNotTakenForTwo() throws Exception {
        Path directory = directory("a");
        Path broken = directory("a\nb");
        Path last = left("last");
        List.of(broken, last).forEach(will::names);
        end();
        awaitGone(last);
        assertThat(directory).exists();
        assertThat(broken).exists();
    }
}
