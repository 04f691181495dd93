package ringfence.vmm.device.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Errno;
import ringfence.linux.FaultInjector;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.NativeKernel;
import ringfence.linux.OpenFlag;
import ringfence.linux.Syscall;
import ringfence.memory.GuestRam;
import ringfence.memory.RamOptions;
import ringfence.virtio.PmemLayout;

/** Persistent memory and its driver's flushes. */
@Timeout(60)
class PmemTest {
    private static final long REQUEST = 0x10_0000;
    private static final long ANSWER = 0x10_1000;
    private static final int SIZE = 2 << 20;

    @TempDir
    Path folder;

    private final FaultInjector kernel = new FaultInjector(new NativeKernel());
    private final Linux linux = new Linux(kernel);
    private final GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 2 << 20)), RamOptions.DEFAULT);
    private final List<String> failures = new CopyOnWriteArrayList<>();
    private Fd file;
    private Pmem pmem;
    private DrivenQueue queue;

    @BeforeEach
    void start() throws Exception {
        start(false);
    }

    private void start(boolean discards) throws Exception {
        Path path = Files.write(folder.resolve("file"), new byte[SIZE]);
        file = linux.files().open(path.toString(), discards ? OpenFlag.RDONLY : OpenFlag.RDWR);
        Mapping mapping = discards
                ? linux.memory().mapPrivate(file, 0, SIZE)
                : linux.memory().map(file, 0, SIZE);
        pmem = new Pmem(linux, "_pmem0", ram.table(), file, mapping, discards, failures::add);
        queue = new DrivenQueue(linux, pmem, 0, ram.table(), 0x1000);
    }

    @AfterEach
    void end() {
        pmem.close();
        queue.close();
        ram.close();
    }

    /** @return what the device answers to a request of this type */
    private int ask(int type) throws Exception {
        ram.table().write(REQUEST, new byte[] {(byte) type, 0, 0, 0});
        ram.table().write(ANSWER, new byte[] {-1, -1, -1, -1});
        queue.ask(REQUEST, 4, ANSWER, 4);
        assertThat(queue.awaitUsed()).isEqualTo(4);
        byte[] answer = new byte[4];
        ram.table().read(ANSWER, answer);
        assertThat(answer).endsWith(0, 0, 0);
        return answer[0];
    }

    @Test
    void aFlushIsAnsweredWhenTheFileIsOnItsDisk() throws Exception {
        assertThat(ask(PmemLayout.FLUSH)).isEqualTo(PmemLayout.OK);
        assertThat(kernel.count(Syscall.FDATASYNC)).isEqualTo(1);
    }

    /** The kernel tells of lost pages once; a guest that asks again must not believe that all is well. */
    @Test
    void aFlushThatHasFailedFailsFromThenOn() throws Exception {
        kernel.fail(Syscall.FDATASYNC, Errno.EIO);
        assertThat(ask(PmemLayout.FLUSH)).isEqualTo(PmemLayout.EIO);
        kernel.heal(Syscall.FDATASYNC);
        assertThat(ask(PmemLayout.FLUSH)).isEqualTo(PmemLayout.EIO);
        assertThat(failures).singleElement().asString().contains("cannot be flushed");
    }

    @Test
    void whatIsDiscardedNeedsNoFlushAndLeavesTheFileAsItIs() throws Exception {
        pmem.close();
        queue.close();
        start(true);
        pmem.window().orElseThrow().memory().segment().fill((byte) 7);
        assertThat(ask(PmemLayout.FLUSH)).isEqualTo(PmemLayout.OK);
        assertThat(kernel.count(Syscall.FDATASYNC)).isZero();
        assertThat(Files.readAllBytes(folder.resolve("file"))).containsOnly(0);
    }

    @Test
    void whatIsNoFlushIsAnErrorAndHarmsNobody() throws Exception {
        assertThat(ask(7)).isEqualTo(PmemLayout.EIO);
        queue.offer(REQUEST, 4, false);
        assertThat(queue.awaitUsed()).as("no room for an answer").isZero();
        queue.offer(ANSWER, 3, true);
        assertThat(queue.awaitUsed()).as("no request, and little room").isEqualTo(3);
        assertThat(ask(PmemLayout.FLUSH)).isEqualTo(PmemLayout.OK);
    }

    @Test
    void aFileThatBecomesShorterCannotBeFlushed() throws Exception {
        assertThat(pmem.missing()).isZero();
        assertThat(ask(PmemLayout.FLUSH)).isEqualTo(PmemLayout.OK);
        linux.files().truncate(file, SIZE - 1);
        assertThat(pmem.missing()).isEqualTo(1);
        assertThat(ask(PmemLayout.FLUSH)).isEqualTo(PmemLayout.EIO);
        assertThat(failures).singleElement().asString().contains("it has been made shorter");
    }
}
