package ringfence.vhostuser;

import static ringfence.vhostuser.WireException.require;

import java.util.List;
import java.util.UUID;

/**
 * What a front-end asks of a back-end (section "Front-end message types"). Each record checks its own values; rules
 * that depend on the device or on the order of messages are the back-end's.
 *
 * <p>{@code queue} is the index of a virtqueue, 0 to 255, everywhere.
 */
public sealed interface Request extends Message {
    /** Its row in the table. */
    MessageType type();

    /** Asks for the feature bits that are offered. */
    record GetFeatures() implements Request {
        @Override
        public MessageType type() {
            return MessageType.GET_FEATURES;
        }
    }

    /** Accepts feature bits. */
    record SetFeatures(long features) implements Request {
        @Override
        public MessageType type() {
            return MessageType.SET_FEATURES;
        }
    }

    /** Begins a session. */
    record SetOwner() implements Request {
        @Override
        public MessageType type() {
            return MessageType.SET_OWNER;
        }
    }

    /** Deprecated: disables all rings. */
    record ResetOwner() implements Request {
        @Override
        public MessageType type() {
            return MessageType.RESET_OWNER;
        }
    }

    /** Replaces all of guest memory; one descriptor for each region, in order. */
    record SetMemTable(List<MemoryRegion> regions) implements Request {
        /** 1 to 8 regions. */
        public SetMemTable {
            regions = List.copyOf(regions);
            require(!regions.isEmpty() && regions.size() <= Wire.MAX_REGIONS, "SET_MEM_TABLE: regions", regions.size());
        }

        @Override
        public MessageType type() {
            return MessageType.SET_MEM_TABLE;
        }
    }

    /**
     * Hands over the dirty log, a descriptor of shared memory.
     *
     * @param size bytes of the log, one bit for each page of 4096 bytes
     * @param offset where it begins in the file
     */
    record SetLogBase(long size, long offset) implements Request {
        /** Neither wraps. */
        public SetLogBase {
            require(size > 0 && offset >= 0 && offset <= Long.MAX_VALUE - size, "SET_LOG_BASE", size + " at " + offset);
        }

        @Override
        public MessageType type() {
            return MessageType.SET_LOG_BASE;
        }
    }

    /** Hands over an eventfd that tells of changes of the log. */
    record SetLogFd() implements Request {
        @Override
        public MessageType type() {
            return MessageType.SET_LOG_FD;
        }
    }

    /** Sets a queue's size, 1 to 32768. */
    record SetVringNum(int queue, int size) implements Request {
        /** That it is a power of two is a rule of split rings, checked there. */
        public SetVringNum {
            Check.queue("SET_VRING_NUM", queue);
            require(size > 0 && size <= 32768, "SET_VRING_NUM: size", size);
        }

        @Override
        public MessageType type() {
            return MessageType.SET_VRING_NUM;
        }
    }

    /**
     * Sets a ring's addresses, as the front-end has them mapped, and whether its writes are logged.
     *
     * @param flags {@link #LOG} or 0
     * @param log guest address under which writes to the used ring are logged
     */
    record SetVringAddr(int queue, int flags, long descriptorTable, long usedRing, long availableRing, long log)
            implements Request {
        /** VHOST_VRING_F_LOG. */
        public static final int LOG = 1;

        /** Knows one flag. */
        public SetVringAddr {
            Check.queue("SET_VRING_ADDR", queue);
            require((flags & ~LOG) == 0, "SET_VRING_ADDR: flags", "0x" + Integer.toHexString(flags));
        }

        /** Whether writes to the used ring are logged. */
        public boolean logged() {
            return flags != 0;
        }

        @Override
        public MessageType type() {
            return MessageType.SET_VRING_ADDR;
        }
    }

    /** Sets where the device goes on in the available ring: for a split ring 16 bits. */
    record SetVringBase(int queue, int base) implements Request {
        /** Knows the index. */
        public SetVringBase {
            Check.queue("SET_VRING_BASE", queue);
        }

        @Override
        public MessageType type() {
            return MessageType.SET_VRING_BASE;
        }
    }

    /** Stops a ring and asks where the device has got to. The second number is meaningless. */
    record GetVringBase(int queue) implements Request {
        /** Knows the index. */
        public GetVringBase {
            Check.queue("GET_VRING_BASE", queue);
        }

        @Override
        public MessageType type() {
            return MessageType.GET_VRING_BASE;
        }
    }

    /**
     * Hands over the kick.
     *
     * @param withDescriptor false: there is none, the ring is to be polled
     */
    record SetVringKick(int queue, boolean withDescriptor) implements Request {
        /** Knows the index. */
        public SetVringKick {
            Check.queue("SET_VRING_KICK", queue);
        }

        @Override
        public MessageType type() {
            return MessageType.SET_VRING_KICK;
        }
    }

    /**
     * Hands over the call.
     *
     * @param withDescriptor false: there is none, the driver polls
     */
    record SetVringCall(int queue, boolean withDescriptor) implements Request {
        /** Knows the index. */
        public SetVringCall {
            Check.queue("SET_VRING_CALL", queue);
        }

        @Override
        public MessageType type() {
            return MessageType.SET_VRING_CALL;
        }
    }

    /**
     * Hands over the eventfd that tells of a broken ring.
     *
     * @param withDescriptor false: nobody wants to know
     */
    record SetVringErr(int queue, boolean withDescriptor) implements Request {
        /** Knows the index. */
        public SetVringErr {
            Check.queue("SET_VRING_ERR", queue);
        }

        @Override
        public MessageType type() {
            return MessageType.SET_VRING_ERR;
        }
    }

    /** Asks for the protocol features that are offered. */
    record GetProtocolFeatures() implements Request {
        @Override
        public MessageType type() {
            return MessageType.GET_PROTOCOL_FEATURES;
        }
    }

    /** Accepts protocol features, by their mask. */
    record SetProtocolFeatures(long features) implements Request {
        @Override
        public MessageType type() {
            return MessageType.SET_PROTOCOL_FEATURES;
        }
    }

    /** Asks for the number of queues. */
    record GetQueueNum() implements Request {
        @Override
        public MessageType type() {
            return MessageType.GET_QUEUE_NUM;
        }
    }

    /** Enables or disables a ring. */
    record SetVringEnable(int queue, boolean on) implements Request {
        /** Knows the index. */
        public SetVringEnable {
            Check.queue("SET_VRING_ENABLE", queue);
        }

        @Override
        public MessageType type() {
            return MessageType.SET_VRING_ENABLE;
        }
    }

    /** Asks for a fake RARP; the address is in the first 6 bytes of the number. */
    record SendRarp(long address) implements Request {
        @Override
        public MessageType type() {
            return MessageType.SEND_RARP;
        }
    }

    /** Sets the host's MTU, bytes, 68 to 65535. */
    record NetSetMtu(long mtu) implements Request {
        /** RFC 791 and 16 bits of virtio. */
        public NetSetMtu {
            require(mtu >= 68 && mtu <= 65535, "NET_SET_MTU", mtu);
        }

        @Override
        public MessageType type() {
            return MessageType.NET_SET_MTU;
        }
    }

    /** Hands over the back-end channel. */
    record SetBackendReqFd() implements Request {
        @Override
        public MessageType type() {
            return MessageType.SET_BACKEND_REQ_FD;
        }
    }

    /** Updates or invalidates a translation. */
    record IotlbMsg(Iotlb entry) implements Request {
        @Override
        public MessageType type() {
            return MessageType.IOTLB_MSG;
        }
    }

    /** Sets a legacy ring's byte order. */
    record SetVringEndian(int queue, boolean bigEndian) implements Request {
        /** Knows the index. */
        public SetVringEndian {
            Check.queue("SET_VRING_ENDIAN", queue);
        }

        @Override
        public MessageType type() {
            return MessageType.SET_VRING_ENDIAN;
        }
    }

    /** Asks for {@code size} bytes of the configuration space from {@code offset}; at most 256. */
    record GetConfig(int offset, int size, int flags) implements Request {
        /** Bounds of a message, not of the device. */
        public GetConfig {
            Check.config("GET_CONFIG", offset, size, flags);
        }

        @Override
        public MessageType type() {
            return MessageType.GET_CONFIG;
        }
    }

    /**
     * Writes bytes into the configuration space; at most 256.
     *
     * @param flags 0: what the driver may write; {@link #MIGRATION}: also what it may not
     */
    record SetConfig(int offset, byte[] bytes, int flags) implements Request {
        /** VHOST_SET_CONFIG_TYPE_MIGRATION. */
        public static final int MIGRATION = 1;

        /** Bounds of a message, not of the device. */
        public SetConfig {
            Check.config("SET_CONFIG", offset, bytes.length, flags);
        }

        @Override
        public MessageType type() {
            return MessageType.SET_CONFIG;
        }
    }

    /** Makes a crypto session; the layout is the crypto device's. */
    record CreateCryptoSession(byte[] parameters) implements Request {
        @Override
        public MessageType type() {
            return MessageType.CREATE_CRYPTO_SESSION;
        }
    }

    /** Ends a crypto session. */
    record CloseCryptoSession(long session) implements Request {
        @Override
        public MessageType type() {
            return MessageType.CLOSE_CRYPTO_SESSION;
        }
    }

    /** Post-copy is going to be used: asks for a userfaultfd. */
    record PostcopyAdvise() implements Request {
        @Override
        public MessageType type() {
            return MessageType.POSTCOPY_ADVISE;
        }
    }

    /** Post-copy begins: memory that is mapped next is registered with the userfaultfd. */
    record PostcopyListen() implements Request {
        @Override
        public MessageType type() {
            return MessageType.POSTCOPY_LISTEN;
        }
    }

    /** Post-copy is over. */
    record PostcopyEnd() implements Request {
        @Override
        public MessageType type() {
            return MessageType.POSTCOPY_END;
        }
    }

    /** Asks for a new region that tracks requests in flight. */
    record GetInflightFd(InflightArea area) implements Request {
        @Override
        public MessageType type() {
            return MessageType.GET_INFLIGHT_FD;
        }
    }

    /** Hands back a region that tracks requests in flight. */
    record SetInflightFd(InflightArea area) implements Request {
        @Override
        public MessageType type() {
            return MessageType.SET_INFLIGHT_FD;
        }
    }

    /** Hands over the socket of the GPU protocol. */
    record GpuSetSocket() implements Request {
        @Override
        public MessageType type() {
            return MessageType.GPU_SET_SOCKET;
        }
    }

    /** Disables all rings and resets the device. */
    record ResetDevice() implements Request {
        @Override
        public MessageType type() {
            return MessageType.RESET_DEVICE;
        }
    }

    /** A kick as a message. */
    record VringKick(int queue) implements Request {
        /** Knows the index. */
        public VringKick {
            Check.queue("VRING_KICK", queue);
        }

        @Override
        public MessageType type() {
            return MessageType.VRING_KICK;
        }
    }

    /** Asks how many memory regions fit. */
    record GetMaxMemSlots() implements Request {
        @Override
        public MessageType type() {
            return MessageType.GET_MAX_MEM_SLOTS;
        }
    }

    /** Adds a region of guest memory. */
    record AddMemReg(MemoryRegion region) implements Request {
        @Override
        public MessageType type() {
            return MessageType.ADD_MEM_REG;
        }
    }

    /** Takes a region of guest memory away. */
    record RemMemReg(MemoryRegion region) implements Request {
        @Override
        public MessageType type() {
            return MessageType.REM_MEM_REG;
        }
    }

    /** Tells the device status, a byte; 0 resets. */
    record SetStatus(int status) implements Request {
        /** A byte. */
        public SetStatus {
            require(status >= 0 && status <= 0xff, "SET_STATUS", status);
        }

        @Override
        public MessageType type() {
            return MessageType.SET_STATUS;
        }
    }

    /** Asks for the device status. */
    record GetStatus() implements Request {
        @Override
        public MessageType type() {
            return MessageType.GET_STATUS;
        }
    }

    /** Asks for the descriptor of an object that this back-end exports. */
    record GetSharedObject(UUID object) implements Request {
        @Override
        public MessageType type() {
            return MessageType.GET_SHARED_OBJECT;
        }
    }

    /** Hands over a descriptor through which the device's inner state is saved or loaded. */
    record SetDeviceStateFd(boolean load) implements Request {
        @Override
        public MessageType type() {
            return MessageType.SET_DEVICE_STATE_FD;
        }
    }

    /** Asks whether the last transfer of state went well. */
    record CheckDeviceState() implements Request {
        @Override
        public MessageType type() {
            return MessageType.CHECK_DEVICE_STATE;
        }
    }

    /** Asks for the shared memory regions of the device. */
    record GetShmemConfig() implements Request {
        @Override
        public MessageType type() {
            return MessageType.GET_SHMEM_CONFIG;
        }
    }
}
