package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Somebody on the host has a folder and a symbolic link to outside change places all the time, while the guest works in
 * it: nothing outside is ever opened.
 */
class SwappedFoldersTest {
    private static final int OPERATIONS = Integer.getInteger("ringfence.fs.swaps", 5_000);

    @TempDir
    Path scratch;

    /** Swaps until it is closed. */
    private static final class Swapper implements AutoCloseable {
        private final Path folder;
        private final Path away;
        private final Path target;
        private final Thread thread;
        private volatile boolean ended;
        private volatile long swaps;
        private volatile IOException failure;

        Swapper(Path root, Path target) {
            folder = root.resolve("swap");
            away = root.resolve("away");
            this.target = target;
            thread = Thread.ofPlatform().name("swapper").start(this::run);
        }

        private void run() {
            long count = 0;
            try {
                while (!ended) {
                    Files.move(folder, away, StandardCopyOption.ATOMIC_MOVE);
                    Files.createSymbolicLink(folder, target);
                    Files.delete(folder);
                    Files.move(away, folder, StandardCopyOption.ATOMIC_MOVE);
                    swaps = ++count;
                }
            } catch (IOException e) {
                failure = e;
            }
        }

        @Override
        public void close() throws IOException {
            ended = true;
            try {
                thread.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            if (failure != null) {
                throw failure;
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"never", "prefer"})
    void nothingOutsideIsOpened(String fileHandles) throws IOException, InterruptedException {
        EscapeWatch watch = new EscapeWatch(scratch.resolve("calls"));
        FsProgram ours = FsProgram.ours().orElseThrow();
        Path touched;
        long[] served = new long[2];
        long swaps;
        try (Share share = Share.behind(watch.command(), ours, "--inode-file-handles=" + fileHandles)) {
            Outside outside = new Outside(share.outside());
            touched = outside.folder;
            Path folder =
                    Files.createDirectories(share.folder.resolve("swap/sub")).getParent();
            Files.writeString(folder.resolve("canary"), "inside");
            try (Swapper swapper = new Swapper(share.folder, outside.folder)) {
                for (int i = 0; i < OPERATIONS; i += 8) {
                    round(share.fuse, served, i);
                }
                swaps = swapper.swaps;
            }
            outside.isUntouched();
        }
        assertThat(watch.touching(touched)).isEmpty();
        assertThat(served[0]).as("requests that met the folder").isGreaterThan(OPERATIONS / 100);
        assertThat(served[1]).as("requests that met something else").isGreaterThan(OPERATIONS / 100);
        System.out.println("counted: " + (served[0] + served[1]) + " requests during " + swaps + " swaps, " + served[0]
                + " met the folder, none the outside; file handles: " + fileHandles);
    }

    /** Some requests, each on its own luck. */
    private static void round(FuseSession fuse, long[] served, int i) {
        List<Long> seen = new ArrayList<>();
        attempt(served, () -> seen.add(fuse.names().lookup(ROOT, "swap").node()));
        for (long node : seen) {
            attempt(served, () -> {
                long inner = fuse.names().lookup(node, "canary").node();
                long handle = fuse.files().open(inner, OpenFiles.RDONLY).handle();
                assertThat(new String(fuse.files().read(inner, handle, 0, 100), StandardCharsets.UTF_8))
                        .isEqualTo("inside");
                fuse.files().release(inner, handle);
                fuse.names().forget(inner, 1);
            });
            attempt(
                    served,
                    () -> fuse.names().forget(fuse.names().lookup(node, "sub").node(), 1));
            attempt(served, () -> {
                Created made = fuse.names().create(node, "made" + i, OpenFiles.RDWR, 0600);
                fuse.files().release(made.entry().node(), made.opened().handle());
                fuse.names().forget(made.entry().node(), 1);
                fuse.names().unlink(node, "made" + i);
            });
            fuse.names().forget(node, 1);
        }
    }

    private static void attempt(long[] served, Runnable call) {
        try {
            call.run();
            served[0]++;
        } catch (FuseException e) {
            served[1]++;
        }
    }

    /** What is safe above is seen to be unsafe in a program that opens by path: the watch watches, the swapper swaps. */
    @Test
    void aProgramThatOpensByPathIsSeenOutside() throws IOException, InterruptedException {
        EscapeWatch watch = new EscapeWatch(scratch.resolve("calls"));
        Outside outside = new Outside(scratch);
        Path root = Files.createDirectory(scratch.resolve("root"));
        Files.createDirectory(root.resolve("swap"));
        Files.writeString(root.resolve("swap/canary"), "inside");
        List<String> command = new ArrayList<>(watch.command());
        command.addAll(List.of(
                "sh",
                "-c",
                "i=0; while [ $i -lt 3000 ]; do i=$((i+1)); read -r x < \"$1\"; done 2>/dev/null; :",
                "sh",
                root.resolve("swap/canary").toString()));
        try (Swapper ignored = new Swapper(root, outside.folder)) {
            new ProcessBuilder(command).inheritIO().start().waitFor();
        }
        assertThat(watch.touching(outside.folder)).isNotEmpty();
        assertThat(watch.opened(outside.canary)).isNotEmpty();
    }
}
