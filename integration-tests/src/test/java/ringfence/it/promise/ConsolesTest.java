package ringfence.it.promise;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.it.lab.Command;
import ringfence.it.lab.TinyKernel;
import ringfence.it.lab.VmmApi;

/** Where consoles lead, with guests of a few instructions, for which any KVM will do. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ConsolesTest {
    private static final Duration SOON = Duration.ofSeconds(60);
    /** Is ready to receive at COM1, and writes the next higher one back of each byte. */
    private static final byte[] NEXT = TinyKernel.of(
            0x66, 0xBA, 0xFC, 0x03, 0xB0, 0x0B, 0xEE, // mov dx, 0x3fc; mov al, DTR | RTS | OUT2; out dx, al
            0x66, 0xBA, 0xFD, 0x03, // mov dx, 0x3fd
            0xEC, 0xA8, 0x01, 0x74, 0xFB, // in al, dx; test al, 1; jz back
            0x66, 0xBA, 0xF8, 0x03, // mov dx, 0x3f8
            0xEC, 0xFE, 0xC0, 0xEE, // in al, dx; inc al; out dx, al
            0xEB, 0xED); // to the next one
    /** Writes dots to COM1, as fast as it can. */
    private static final byte[] DOTS = TinyKernel.of(0x66, 0xBA, 0xF8, 0x03, 0xB0, '.', 0xEE, 0xEB, 0xFD);
    /** Says whether there is a debug console at 0x402, by its answer, there; then it halts. */
    private static final byte[] DEBUG =
            TinyKernel.of(0x66, 0xBA, 0x02, 0x04, 0xEC, 0xEE, 0xB0, 'O', 0xEE, 0xB0, 'K', 0xEE, 0xF4, 0xEB, 0xFD);

    @TempDir
    Path directory;

    private LocalVmm vmm;
    private VmmApi api;

    @AfterEach
    void end() {
        if (vmm != null) {
            vmm.close();
        }
    }

    private void boot(byte[] kernel, String... options) throws Exception {
        String file = kernel(kernel);
        start(command -> command.with("--kernel", file).with(options));
        vmm.awaitRunning();
    }

    private void start(UnaryOperator<Command> options) {
        vmm = LocalVmm.start(directory.resolve("api"), options);
        api = vmm.api();
    }

    private void startWithout() throws Exception {
        start(command -> command);
        vmm.await(api::isServed);
    }

    private String kernel(byte[] kernel) throws IOException {
        return Files.write(directory.resolve("kernel"), kernel).toString();
    }

    /** @param consoles members of the body */
    private VmmApi.Answer create(byte[] kernel, String consoles) throws IOException {
        return api.put(
                "vm.create",
                "{\"payload\":{\"kernel\":\"" + kernel(kernel) + "\"},\"memory\":{\"size\":67108864}," + consoles
                        + "}");
    }

    private void done(String operation) throws IOException {
        VmmApi.Answer answer = api.put(operation);
        assertThat(answer.status()).as(answer.body()).isEqualTo(204);
    }

    private String terminal(String console) throws IOException {
        String info = api.get("vm.info").body();
        Matcher told = Pattern.compile("\"" + console + "\":\\{\"mode\":\"Pty\",\"file\":\"(/dev/pts/\\d+)\"")
                .matcher(info);
        assertThat(told.find()).as(info).isTrue();
        return told.group(1);
    }

    private long dropped(String console) throws IOException {
        String counters = api.get("vm.counters").body();
        Matcher told = Pattern.compile("\"" + console + "\":\\{\"dropped_bytes\":(\\d+)}")
                .matcher(counters);
        assertThat(told.find()).as(counters).isTrue();
        return Long.parseLong(told.group(1));
    }

    private void shutDown() throws IOException {
        assertThat(api.put("vmm.shutdown").status()).isEqualTo(200);
        assertThat(vmm.program().await(SOON).status()).isZero();
    }

    /** vm.info tells where it is, as libvirt reads it; it is the VM's, over its boots. */
    @Test
    void theSerialPortIsATerminal() throws Exception {
        boot(NEXT, "--serial", "pty", "--console", "pty");
        assertThat(terminal("console")).isNotEqualTo(terminal("serial"));
        try (RandomAccessFile user = new RandomAccessFile(terminal("serial"), "rw")) {
            user.writeBytes("HAL");
            byte[] answer = new byte[3];
            user.readFully(answer);
            assertThat(answer).asString().isEqualTo("IBM");
        }
        assertThat(api.put("vm.reboot").status()).isEqualTo(204);
        try (RandomAccessFile user = new RandomAccessFile(terminal("serial"), "rw")) {
            user.writeBytes("a");
            assertThat(user.read()).as("after a reboot").isEqualTo('b');
        }
        String terminal = terminal("serial");
        done("vm.shutdown");
        try (RandomAccessFile user = new RandomAccessFile(terminal("serial"), "rw")) {
            user.writeBytes("b");
            done("vm.boot");
            assertThat(user.read()).as("typed before the boot").isEqualTo('c');
        }
        assertThat(terminal("serial")).isEqualTo(terminal);
        shutDown();
        assertThat(Path.of(terminal)).doesNotExist();
    }

    /** Who has a VM made reads where its terminals are, and opens them, before he boots it. */
    @Test
    void consolesAreThereWhenTheVmIsCreated() throws Exception {
        startWithout();
        Path debug = directory.resolve("debug");
        String consoles = "\"serial\":{\"mode\":\"Pty\"},\"console\":{\"mode\":\"Pty\"},"
                + "\"debug_console\":{\"mode\":\"File\",\"file\":\"" + debug + "\"}";
        assertThat(create(NEXT, consoles).status()).isEqualTo(204);
        assertThat(debug).isEmptyFile();
        String terminal = terminal("serial");
        assertThat(terminal("console")).isNotEqualTo(terminal);
        Path image = Files.write(directory.resolve("image"), new byte[1 << 20]);
        assertThat(api.put("vm.add-disk", "{\"path\":\"" + image + "\"}").status())
                .isEqualTo(204);
        try (RandomAccessFile user = new RandomAccessFile(terminal, "rw")) {
            user.writeBytes("H");
            done("vm.boot");
            assertThat(user.read()).isEqualTo('I');
            assertThat(terminal("serial")).isEqualTo(terminal);
            done("vm.shutdown");
            done("vm.boot");
            user.writeBytes("A");
            assertThat(user.read()).as("after another boot").isEqualTo('B');
        }
        done("vm.delete");
        assertThat(Path.of(terminal)).doesNotExist();
        shutDown();
    }

    @Test
    void aSocketIsThereFromTheVmsCreationUntilItIsDeletedOrTheVmmIsKilled() throws Exception {
        startWithout();
        Path socket = directory.resolve("serial");
        String serial = "\"console\":{\"mode\":\"Off\"},\"serial\":{\"mode\":\"Socket\",\"socket\":\"" + socket + "\"}";
        for (int vm = 0; vm < 2; vm++) {
            assertThat(create(NEXT, serial).status()).isEqualTo(204);
            SocketChannel.open(UnixDomainSocketAddress.of(socket)).close();
            done("vm.delete");
            assertThat(socket).doesNotExist();
        }
        assertThat(create(NEXT, serial).status()).isEqualTo(204);
        vmm.awaitLastWill();
        ProcessHandle.of(vmm.program().pid()).orElseThrow().destroyForcibly();
        long deadline = System.nanoTime() + SOON.toNanos();
        while (Files.exists(socket)) {
            assertThat(System.nanoTime() - deadline).isNegative();
            Thread.sleep(20);
        }
    }

    @Test
    void aConsoleThatCannotBeIsNamedAndLeavesNothing() throws Exception {
        startWithout();
        Path socket = directory.resolve("serial");
        Path file = directory.resolve("missing/file");
        String serial = "\"serial\":{\"mode\":\"Socket\",\"socket\":\"" + socket + "\"},";
        for (String console : List.of("console", "debug_console")) {
            VmmApi.Answer refused =
                    create(NEXT, serial + "\"" + console + "\":{\"mode\":\"File\",\"file\":\"" + file + "\"}");
            assertThat(refused.status()).as(refused.body()).isEqualTo(500);
            assertThat(refused.body())
                    .matches("\\[\"--" + console.replace('_', '-') + " file=" + file
                            + ": cannot be written: .*No such file or directory.*: choose another path\"]");
            assertThat(socket).doesNotExist();
            assertThat(api.get("vm.info").status()).isEqualTo(404);
        }
        Files.writeString(socket, "somebody's");
        VmmApi.Answer taken = create(NEXT, serial + "\"console\":{\"mode\":\"Off\"}");
        assertThat(taken.status()).as(taken.body()).isEqualTo(500);
        assertThat(taken.body()).contains("--serial socket: ", socket.toString(), "choose another path");
        assertThat(socket).hasContent("somebody's");
        assertThat(create(NEXT, "\"console\":{\"mode\":\"Off\"}").status()).isEqualTo(204);
        done("vm.boot");
        shutDown();
    }

    /** The next boot's output follows the last one's. */
    @Test
    void aFileIsTheVmsOverItsBoots() throws Exception {
        startWithout();
        Path file = directory.resolve("debug");
        assertThat(create(
                                DEBUG,
                                "\"console\":{\"mode\":\"Off\"},\"debug_console\":{\"file\":\"" + file
                                        + "\",\"iobase\":1026}")
                        .status())
                .isEqualTo(204);
        for (int boots = 1; boots <= 2; boots++) {
            int bytes = 3 * boots;
            done("vm.boot");
            vmm.await(() -> Files.size(file) == bytes);
            done("vm.shutdown");
        }
        assertThat(descriptorsOf(file)).isOne();
        done("vm.delete");
        assertThat(descriptorsOf(file)).isZero();
        shutDown();
    }

    private long descriptorsOf(Path file) throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/" + vmm.program().pid() + "/fd"))) {
            return open.filter(descriptor -> {
                        try {
                            return Files.readSymbolicLink(descriptor).equals(file);
                        } catch (IOException _) {
                            return false; // closed since it was listed
                        }
                    })
                    .count();
        }
    }

    @Test
    void theSerialPortIsASocket() throws Exception {
        Path socket = directory.resolve("serial");
        boot(NEXT, "--serial", "socket=" + socket, "--console", "off");
        for (int client = 0; client < 2; client++) {
            try (SocketChannel user = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
                user.write(ByteBuffer.wrap("HAL".getBytes(StandardCharsets.US_ASCII)));
                ByteBuffer answer = ByteBuffer.allocate(3);
                while (answer.hasRemaining()) {
                    assertThat(user.read(answer)).isPositive();
                }
                assertThat(answer.array()).asString().isEqualTo("IBM");
            }
        }
        shutDown();
        assertThat(socket).doesNotExist();
    }

    @Test
    void aGuestWhoseOutputNobodyReadsRunsOn() throws Exception {
        boot(DOTS, "--serial", "pty", "--console", "off");
        vmm.await(() -> dropped("serial") > 0);
        long before = dropped("serial");
        vmm.await(() -> dropped("serial") > before);
        long start = System.nanoTime();
        shutDown();
        assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(3));
    }

    @Test
    void theDebugConsoleIsAFileAtAPortOfTheUsers() throws Exception {
        Path file = directory.resolve("debug");
        boot(DEBUG, "--debug-console", "file=" + file + ",iobase=0x402", "--console", "off");
        vmm.await(() -> Files.size(file) == 3);
        assertThat(Files.readAllBytes(file)).containsExactly(0xE9, 'O', 'K');
        assertThat(api.get("vm.info").body())
                .contains("\"debug_console\":{\"mode\":\"File\",\"file\":\"" + file + "\",\"iobase\":1026}");
        shutDown();
    }
}
