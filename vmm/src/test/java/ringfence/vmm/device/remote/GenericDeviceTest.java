package ringfence.vmm.device.remote;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.MemoryTable;
import ringfence.memory.RamOptions;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendDevice;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.Feature;

/** A device of a type of which the VMM knows nothing: an input device (virtio 1.3, 5.8), which answers by what is written. */
@Timeout(60)
class GenericDeviceTest {
    private static final int INPUT = 18;
    private static final int SPACE = 136;
    private static final long OF_TYPE = 1L << 3 | 1L << 23 | 1L << 60;

    @TempDir
    Path directory;

    private final Linux linux = Linux.system();
    private final GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 1 << 20)), RamOptions.DEFAULT);
    private RemoteDevice device;
    private Backend backend;

    /** What is read at 8 is twice what was written at 0. */
    private static final class Input implements BackendDevice {
        private final AnsweringDisk queues = new AnsweringDisk(1, 2);
        private byte selected;

        @Override
        public int type() {
            return INPUT;
        }

        @Override
        public long features() {
            return OF_TYPE | 1L << 45;
        }

        @Override
        public int queueCount() {
            return 2;
        }

        @Override
        public int maxQueueSize() {
            return 128;
        }

        @Override
        public byte[] config() {
            byte[] config = new byte[SPACE];
            config[0] = selected;
            config[8] = (byte) (2 * selected);
            config[SPACE - 1] = 99;
            return config;
        }

        @Override
        public void writeConfig(int offset, byte[] bytes) {
            if (offset != 0 || bytes.length != 1) {
                throw new IllegalArgumentException("one byte at 0");
            }
            selected = bytes[0];
        }

        @Override
        public void negotiated(long features) {}

        @Override
        public QueueEngine engine(int queue, MemoryTable memory) {
            return queues.engine(queue, memory);
        }

        @Override
        public void reset() {}
    }

    @BeforeEach
    void starts() throws Exception {
        String socket = directory.resolve("input").toString();
        device = RemoteDevice.of(linux, "input", Profile.generic(INPUT), SocketSource.path(linux, socket), ram.table())
                .queues(List.of(64, 128))
                .start();
        backend = Backend.listen(
                linux, socket, new Input(), BackendOptions.defaults().withLog(line -> {}));
        CompletableFuture<Void> ready = new CompletableFuture<>();
        device.onReady(() -> ready.complete(null));
        ready.get(10, TimeUnit.SECONDS);
    }

    @AfterEach
    void closes() {
        device.close();
        backend.close();
        ram.close();
    }

    @Test
    void itIsWhatItsBackendSays() {
        assertThat(device.type()).isEqualTo(INPUT);
        assertThat(device.features())
                .as("all bits of its type, and those of the rings that are known here")
                .isEqualTo(OF_TYPE | Feature.VERSION_1 | Feature.INDIRECT_DESC | Feature.EVENT_IDX);
        assertThat(List.of(device.queueCount(), device.maxQueueSize(0), device.maxQueueSize(1)))
                .containsExactly(2, 64, 128);
        assertThat(device.readConfig(SPACE - 1, 1)).isEqualTo(99);
        assertThat(device.readConfig(SPACE, 4)).isZero();
    }

    /** A driver selects, and reads at once what it has selected. */
    @Test
    void aReadAnswersByWhatWasWrittenBefore() throws Exception {
        for (int i = 0; i < 100; i++) {
            write(0, 1, i);
            assertThat(device.readConfig(0, 1)).isEqualTo(i);
            assertThat(device.readConfig(8, 1)).isEqualTo(2 * i);
        }
    }

    @Test
    void aWriteThatTheBackendRefusesChangesNothing() throws Exception {
        write(0, 1, 7);
        write(4, 4, 1);
        write(255, 1, 1);
        write(256, 1, 1);
        assertThat(device.readConfig(0, 8)).isEqualTo(7);
        assertThat(device.state().phase()).isEqualTo(Phase.CONNECTED);
    }

    @Test
    void aWriteWithoutABackendEndsToo() throws Exception {
        write(0, 1, 7);
        backend.close();
        write(0, 1, 8);
        assertThat(device.readConfig(0, 1)).as("what was last known").isEqualTo(7);
    }

    private void write(int offset, int width, long value) throws Exception {
        CompletionStage<Void> written = device.writeConfig(offset, width, value);
        written.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }
}
