package ringfence.it.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.it.fuse.FuseSession.ROOT;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Names that no kernel sends are refused, by every request that has one, and lead nowhere. */
class CraftedNamesTest {
    private static final int LONGEST = 255;

    @TempDir
    Path scratch;

    /** The request for a name, written into the session's slot, and how long its reply is. */
    private interface Shape {
        int write(FuseSession fuse, byte[] name);
    }

    private static final byte[] GOOD = bytes("file");
    private static final byte[] NEW = bytes("new");

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }

    private static int entry(FuseRequest request) {
        return request.opcode() == Opcode.CREATE ? Entry.SIZE + Opened.SIZE : Entry.SIZE;
    }

    private static int nothing(FuseRequest request) {
        return request.length() & 0;
    }

    private static Map<String, Shape> shapes(long file, long dir) {
        Map<String, Shape> all = new LinkedHashMap<>();
        all.put("LOOKUP", (f, n) -> entry(f.begin(Opcode.LOOKUP, dir).name(n)));
        all.put(
                "MKDIR",
                (f, n) -> entry(f.begin(Opcode.MKDIR, dir).u32(0755).u32(0).name(n)));
        all.put(
                "MKNOD",
                (f, n) -> entry(
                        f.begin(Opcode.MKNOD, dir).u32(0100644).u32(0).u64(0).name(n)));
        all.put("SYMLINK", (f, n) -> entry(f.begin(Opcode.SYMLINK, dir).name(n).name("target")));
        all.put("LINK", (f, n) -> entry(f.begin(Opcode.LINK, dir).u64(file).name(n)));
        all.put(
                "CREATE",
                (f, n) -> entry(
                        f.begin(Opcode.CREATE, dir).u32(0102).u32(0644).u64(0).name(n)));
        all.put("UNLINK", (f, n) -> nothing(f.begin(Opcode.UNLINK, dir).name(n)));
        all.put("RMDIR", (f, n) -> nothing(f.begin(Opcode.RMDIR, dir).name(n)));
        all.put(
                "RENAME from",
                (f, n) -> nothing(f.begin(Opcode.RENAME, dir).u64(dir).name(n).name(NEW)));
        all.put(
                "RENAME to",
                (f, n) ->
                        nothing(f.begin(Opcode.RENAME, dir).u64(dir).name(GOOD).name(n)));
        all.put(
                "RENAME2 from",
                (f, n) -> nothing(
                        f.begin(Opcode.RENAME2, dir).u64(dir).u64(1).name(n).name(NEW)));
        all.put(
                "RENAME2 to",
                (f, n) -> nothing(
                        f.begin(Opcode.RENAME2, dir).u64(dir).u64(2).name(GOOD).name(n)));
        return all;
    }

    private static List<byte[]> names(Path outside) {
        List<byte[]> names = new ArrayList<>(Stream.of(
                        "",
                        ".",
                        "..",
                        "/",
                        "//",
                        "../",
                        "/..",
                        "./file",
                        "file/",
                        "sub/file",
                        "/etc/passwd",
                        "../outside/canary",
                        "../../outside",
                        "sub/../../outside/canary",
                        "out/canary",
                        "out/..",
                        "\0",
                        "..\0x",
                        "file\0x",
                        "\0/etc/passwd")
                .map(CraftedNamesTest::bytes)
                .toList());
        names.add(bytes(outside + "/canary"));
        names.add(bytes("x".repeat(LONGEST + 1)));
        names.add(bytes("x".repeat(3000)));
        return names;
    }

    private static Set<String> tree(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(Path::toString).collect(Collectors.toCollection(TreeSet::new));
        }
    }

    @Test
    void noneIsServed() throws IOException, InterruptedException {
        FsProgram ours = FsProgram.ours().orElseThrow();
        EscapeWatch watch = new EscapeWatch(scratch.resolve("calls"));
        int tried = 0;
        Path touched;
        try (Share share = Share.behind(watch.command(), ours)) {
            Outside outside = new Outside(share.outside());
            touched = outside.folder;
            Path dir = Files.createDirectory(share.folder.resolve("dir"));
            Files.createDirectory(dir.resolve("sub"));
            Files.writeString(dir.resolve("file"), "x");
            Files.writeString(dir.resolve("sub/file"), "x");
            Files.createSymbolicLink(dir.resolve("out"), outside.folder);
            long node = share.fuse.names().lookup(ROOT, "dir").node();
            long file = share.fuse.names().lookup(node, "file").node();
            Set<String> before = tree(share.folder);
            for (Map.Entry<String, Shape> shape : shapes(file, node).entrySet()) {
                for (byte[] name : names(outside.folder)) {
                    int fixed = shape.getValue().write(share.fuse, name);
                    assertThat(share.fuse.tryCall(0, fixed, 0))
                            .as(shape.getKey() + " of " + new String(name, StandardCharsets.ISO_8859_1))
                            .isNegative();
                    tried++;
                }
                assertThat(tree(share.folder)).as(shape.getKey()).isEqualTo(before);
            }
            outside.isUntouched();
            assertThat(share.fuse.attributes().get(file).size()).isEqualTo(1);
        }
        assertThat(tried).isGreaterThan(250);
        assertThat(watch.touching(touched)).isEmpty();
        System.out.println("counted: " + tried + " requests with crafted names, none served");
    }

    /** The name's end is missing, or arguments are. */
    @Test
    void framesThatEndTooEarlyAreRefused() throws IOException, InterruptedException {
        FsProgram ours = FsProgram.ours().orElseThrow();
        try (Share share = Share.of(ours)) {
            Files.writeString(share.folder.resolve("file"), "x");
            long file = share.fuse.names().lookup(ROOT, "file").node();
            Set<String> before = tree(share.folder);
            for (Map.Entry<String, Shape> shape : shapes(file, ROOT).entrySet()) {
                int fixed = shape.getValue().write(share.fuse, bytes("name"));
                int whole = share.fuse.begin(Opcode.LOOKUP, ROOT).length();
                shape.getValue().write(share.fuse, bytes("name"));
                int length = lengthOf(share.fuse, shape.getValue());
                for (int cut = whole; cut < length; cut++) {
                    shape.getValue().write(share.fuse, bytes("name"));
                    share.fuse.claimed(cut);
                    int error = share.fuse.tryRaw(readable(whole, cut), new int[] {16, Math.max(1, fixed)});
                    assertThat(error).as(shape.getKey() + " cut to " + cut).isNotZero();
                }
                assertThat(tree(share.folder)).as(shape.getKey()).isEqualTo(before);
            }
            assertThat(share.fuse.attributes().get(file).size()).isEqualTo(1);
        }
    }

    private static int[] readable(int header, int cut) {
        return cut == header ? new int[] {header} : new int[] {header, cut - header};
    }

    private static int lengthOf(FuseSession fuse, Shape shape) {
        shape.write(fuse, bytes("name"));
        return fuse.written();
    }

    /** 255 bytes are a name, and so is every byte but NUL and the slash. */
    @ParameterizedTest
    @MethodSource("ringfence.it.fuse.Programs#both")
    void whatIsANameIsServed(FsProgram program) throws IOException, InterruptedException {
        Function<Integer, byte[]> single = value -> new byte[] {(byte) (int) value};
        try (Share share = Share.of(program)) {
            List<byte[]> names = new ArrayList<>(
                    List.of(bytes("x".repeat(LONGEST)), bytes("..."), bytes("..x"), bytes(" "), bytes("\\")));
            for (int value = 1; value < 256; value++) {
                if (value != '/' && value != '.') {
                    names.add(single.apply(value));
                }
            }
            for (byte[] name : names) {
                Entry made = share.fuse.names().mknod(ROOT, name, 0100600, 0);
                assertThat(share.fuse.names().lookup(ROOT, name).node()).isEqualTo(made.node());
                share.fuse.names().unlink(ROOT, name);
            }
        }
    }
}
