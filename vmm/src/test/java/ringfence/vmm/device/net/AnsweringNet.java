package ringfence.vmm.device.net;

import ringfence.memory.MemoryTable;
import ringfence.vhostuser.link.BackendDevice;
import ringfence.vhostuser.link.QueueEngine;
import ringfence.virtio.DeviceType;
import ringfence.virtio.NetControlLayout;
import ringfence.virtio.NetLayout;
import ringfence.vmm.device.remote.AnsweringDisk;

/** A network device in a back-end without a configuration space: answers each chain with its own mark in its first byte. */
final class AnsweringNet implements BackendDevice {
    /** What it has, beside the rings' features. */
    volatile long features = NetLayout.F_CSUM
            | NetLayout.F_GUEST_CSUM
            | NetLayout.F_GUEST_TSO4
            | NetControlLayout.F_HOST_UFO
            | NetLayout.F_MRG_RXBUF
            | NetLayout.F_MQ
            | NetControlLayout.F_CTRL_VQ;

    volatile long negotiated;
    private final AnsweringDisk answers;
    private final int queues;

    AnsweringNet(int mark, int queues) {
        answers = new AnsweringDisk(mark, queues);
        this.queues = queues;
    }

    @Override
    public int type() {
        return DeviceType.NET;
    }

    @Override
    public long features() {
        return features;
    }

    @Override
    public int queueCount() {
        return queues;
    }

    @Override
    public int maxQueueSize() {
        return 256;
    }

    @Override
    public byte[] config() {
        return new byte[0];
    }

    @Override
    public void writeConfig(int offset, byte[] bytes) {
        throw new IllegalArgumentException("there is none");
    }

    @Override
    public void negotiated(long taken) {
        negotiated = taken;
    }

    @Override
    public QueueEngine engine(int queue, MemoryTable memory) {
        return answers.engine(queue, memory);
    }

    @Override
    public void reset() {
        negotiated = 0;
    }
}
