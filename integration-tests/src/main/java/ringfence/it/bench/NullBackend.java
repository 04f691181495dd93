package ringfence.it.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendDevice;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.DeviceType;
import ringfence.virtio.queue.ChainCursor;

/** A program: a block device that answers "done" without a disk. What it reaches is the front-end's own limit. */
public final class NullBackend {
    private NullBackend() {}

    /** Arguments: socket, queues. */
    public static void main(String[] arguments) throws InterruptedException {
        Device device = new Device(Integer.parseInt(arguments[1]));
        try (Backend backend = Backend.listen(Linux.system(), arguments[0], device, BackendOptions.defaults())) {
            backend.await();
        }
    }

    private record Device(int queueCount) implements BackendDevice {
        @Override
        public int type() {
            return DeviceType.BLOCK;
        }

        @Override
        public long features() {
            return BlkLayout.F_FLUSH | BlkLayout.F_MQ;
        }

        @Override
        public int maxQueueSize() {
            return 1024;
        }

        @Override
        public byte[] config() {
            return new byte[BlkLayout.CONFIG];
        }

        @Override
        public void writeConfig(int offset, byte[] bytes) {
            throw new IllegalArgumentException("nothing to write");
        }

        @Override
        public void negotiated(long features) {}

        @Override
        public QueueEngine engine(int queue, MemoryTable memory) {
            return new Engine();
        }

        @Override
        public void reset() {}
    }

    private static final class Engine implements QueueEngine {
        @Override
        public void submit(ChainCursor chain, Completions done) {
            int last = chain.count() - 1;
            MemorySegment segment = chain.segment(last);
            segment.set(ValueLayout.JAVA_BYTE, chain.offset(last) + chain.length(last) - 1, (byte) BlkLayout.S_OK);
            done.complete(chain.head(), 1);
        }

        @Override
        public void close() {}
    }
}
