package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.file.Files;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Requests of every kind with arguments, lengths and buffers at random: each comes back, and the daemon serves on. */
class HostileFramesTest {
    private static final int FRAMES = Integer.getInteger("ringfence.fs.frames", 20_000);
    private static final int OPCODES = 56;
    private static final int HEADER = 40;

    private final SplittableRandom random = new SplittableRandom(Long.getLong("ringfence.seed", System.nanoTime()));

    @Test
    void eachComesBack() throws IOException, InterruptedException {
        try (Share share = Share.of(FsProgram.ours().orElseThrow(), "--xattr")) {
            Outside outside = new Outside(share.outside());
            Files.createDirectory(share.folder.resolve("dir"));
            Files.writeString(share.folder.resolve("file"), "x");
            Files.createSymbolicLink(share.folder.resolve("out"), outside.folder);
            long[] nodes = {
                ROOT,
                share.fuse.names().lookup(ROOT, "dir").node(),
                share.fuse.names().lookup(ROOT, "file").node(),
                share.fuse.names().lookup(ROOT, "out").node(),
                0
            };
            long[] handles = {
                share.fuse.files().open(nodes[2], OpenFiles.RDWR).handle(),
                share.fuse.directories().open(nodes[1]).handle(),
                0
            };
            int answered = 0;
            for (int i = 0; i < FRAMES; i++) {
                answered += frame(share.fuse, nodes, handles) == 1 ? 0 : 1;
            }
            share.fuse.init(Init.MINOR, FuseSession.FLAGS, 0);
            assertThat(share.fuse.attributes().get(ROOT).type()).isEqualTo(040000);
            assertThat(share.fuse
                            .names()
                            .create(ROOT, "after", OpenFiles.RDWR, 0600)
                            .entry()
                            .node())
                    .isNotZero();
            assertThat(share.daemon.isAlive()).isTrue();
            outside.isUntouched();
            System.out.println("counted: " + FRAMES + " hostile frames, " + answered + " answered, all given back");
        }
    }

    /** @return what it was answered with; 1: nothing */
    private int frame(FuseSession fuse, long[] nodes, long[] handles) {
        int opcode = random.nextInt(OPCODES);
        FuseRequest request = fuse.begin(opcode, nodes[random.nextInt(nodes.length)]);
        int words = random.nextInt(8);
        for (int i = 0; i < words; i++) {
            request.u64(
                    switch (random.nextInt(4)) {
                        case 0 -> handles[random.nextInt(handles.length)];
                        case 1 -> random.nextInt(100);
                        case 2 -> nodes[random.nextInt(nodes.length)];
                        default -> random.nextLong() >> random.nextInt(64);
                    });
        }
        if (random.nextBoolean()) {
            request.name(random.nextBoolean() ? "file" : "../outside/canary");
        }
        int length = request.length();
        request.claim(
                switch (random.nextInt(4)) {
                    case 0 -> random.nextInt();
                    case 1 -> random.nextInt(2 * length);
                    default -> length;
                });
        int sent = random.nextInt(4) == 0 ? 1 + random.nextInt(length) : length;
        int[] readable = sent > HEADER && random.nextBoolean() ? new int[] {HEADER, sent - HEADER} : new int[] {sent};
        int[] writable = switch (random.nextInt(5)) {
            case 0 -> new int[] {1 + random.nextInt(15)};
            case 1 -> new int[] {16};
            case 2 -> new int[] {7, 9, 1 + random.nextInt(200)};
            case 3 -> new int[0];
            default -> new int[] {16, 1 + random.nextInt(4000)};
        };
        return fuse.tryHostile(readable, writable);
    }
}
