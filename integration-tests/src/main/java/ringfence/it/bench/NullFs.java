package ringfence.it.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.it.fuse.Opcode;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendDevice;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.Completions;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.DeviceType;
import ringfence.virtio.queue.ChainCursor;

/** A program: a file system that answers "done" without a file. What it reaches is the front-end's own limit. */
public final class NullFs {
    private static final int QUEUES = 5;
    private static final int TAG_AND_QUEUES = 40;

    private NullFs() {}

    /** Argument: socket. */
    public static void main(String[] arguments) throws InterruptedException {
        try (Backend backend = Backend.listen(Linux.system(), arguments[0], new Device(), BackendOptions.defaults())) {
            backend.await();
        }
    }

    private static final class Device implements BackendDevice {
        @Override
        public int type() {
            return DeviceType.FS;
        }

        @Override
        public long features() {
            return 0;
        }

        @Override
        public int queueCount() {
            return QUEUES;
        }

        @Override
        public int maxQueueSize() {
            return 1024;
        }

        @Override
        public byte[] config() {
            return new byte[TAG_AND_QUEUES];
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
        private static final int MINOR = 38;
        private static final int MEGABYTE = 1 << 20;

        @Override
        public void submit(ChainCursor chain, Completions done) {
            int opcode = chain.readInt(4);
            if (Opcode.isWithoutReply(opcode)) {
                done.complete(chain.head(), 0);
                return;
            }
            int first = chain.readable();
            MemorySegment segment = chain.segment(first);
            long at = chain.offset(first);
            int length = (int) chain.writableBytes();
            segment.set(ValueLayout.JAVA_INT, at, length);
            segment.set(ValueLayout.JAVA_INT, at + 4, 0);
            segment.set(ValueLayout.JAVA_LONG, at + 8, chain.readLong(8));
            if (opcode == Opcode.INIT) {
                MemorySegment reply = chain.segment(first + 1);
                long init = chain.offset(first + 1);
                reply.set(ValueLayout.JAVA_INT, init, 7);
                reply.set(ValueLayout.JAVA_INT, init + 4, MINOR);
                reply.set(ValueLayout.JAVA_INT, init + 12, 0);
                reply.set(ValueLayout.JAVA_INT, init + 20, MEGABYTE);
            }
            done.complete(chain.head(), length);
        }

        @Override
        public void close() {}
    }
}
