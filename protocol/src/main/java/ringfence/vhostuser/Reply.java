package ringfence.vhostuser;

import java.util.List;

/** What answers a request. Which of them is told by the request ({@link MessageType#reply}). */
public sealed interface Reply extends Message {
    /** A number: features, a count, a status, an error (0 is success). */
    record U64(long value) implements Reply {
        /** The acknowledgement of success. */
        public static final U64 SUCCESS = new U64(0);
        /** The acknowledgement of failure. */
        public static final U64 FAILURE = new U64(1);
    }

    /** The answer is that there is one. */
    record Done() implements Reply {}

    /** Where a device has got to in a ring. */
    record VringBase(int queue, int base) implements Reply {
        /** Knows the index. */
        public VringBase {
            Check.queue("reply to GET_VRING_BASE", queue);
        }
    }

    /** Bytes of the configuration space; none: the request has failed. */
    record Config(int offset, byte[] bytes, int flags) implements Reply {
        /** The request has failed. */
        public static final Config FAILED = new Config(0, new byte[0], 0);

        /** Whether the request has failed. */
        public boolean failed() {
            return bytes.length == 0;
        }
    }

    /** A crypto session; the layout is the crypto device's. */
    record CryptoSession(byte[] session) implements Reply {}

    /** A region that tracks requests in flight. */
    record Inflight(InflightArea area) implements Reply {}

    /** Where the back-end has mapped the regions. */
    record Regions(List<MemoryRegion> regions) implements Reply {
        /** 1 to 8 regions. */
        public Regions {
            regions = List.copyOf(regions);
            WireException.require(
                    !regions.isEmpty() && regions.size() <= Wire.MAX_REGIONS, "reply: regions", regions.size());
        }
    }

    /** Sizes in bytes of the device's shared memory regions, by id; 0: there is none. At most 256. */
    record SharedMemory(List<Long> sizes) implements Reply {
        /** Knows the limit. */
        public SharedMemory {
            sizes = List.copyOf(sizes);
            WireException.require(
                    sizes.size() <= Wire.MAX_SHARED_MEMORY && sizes.stream().allMatch(size -> size >= 0),
                    "GET_SHMEM_CONFIG: sizes",
                    sizes);
        }
    }
}
