package ringfence.vhostuser;

import static ringfence.vhostuser.WireException.require;

import java.util.UUID;

/** What a back-end asks of a front-end, on the back-end channel (section "Back-end message types"). */
public sealed interface BackendRequest extends Message {
    /** Its row in the table. */
    MessageType type();

    /** Tells of a missing or a denied translation. */
    record IotlbMsg(Iotlb entry) implements BackendRequest {
        @Override
        public MessageType type() {
            return MessageType.BACKEND_IOTLB_MSG;
        }
    }

    /** The configuration space has changed. */
    record ConfigChange() implements BackendRequest {
        @Override
        public MessageType type() {
            return MessageType.BACKEND_CONFIG_CHANGE_MSG;
        }
    }

    /**
     * A queue's notify register is in this file, or, without a descriptor, no longer.
     *
     * @param withDescriptor whether one goes along
     * @param size bytes
     * @param offset where in the file
     */
    record HostNotifier(int queue, boolean withDescriptor, long size, long offset) implements BackendRequest {
        /** Neither wraps. */
        public HostNotifier {
            Check.queue("BACKEND_VRING_HOST_NOTIFIER_MSG", queue);
            require(
                    size >= 0 && offset >= 0 && offset <= Long.MAX_VALUE - size,
                    "BACKEND_VRING_HOST_NOTIFIER_MSG",
                    size + " at " + offset);
        }

        @Override
        public MessageType type() {
            return MessageType.BACKEND_VRING_HOST_NOTIFIER_MSG;
        }
    }

    /** A call as a message. */
    record VringCall(int queue) implements BackendRequest {
        /** Knows the index. */
        public VringCall {
            Check.queue("BACKEND_VRING_CALL", queue);
        }

        @Override
        public MessageType type() {
            return MessageType.BACKEND_VRING_CALL;
        }
    }

    /** A ring is broken, as a message. */
    record VringErr(int queue) implements BackendRequest {
        /** Knows the index. */
        public VringErr {
            Check.queue("BACKEND_VRING_ERR", queue);
        }

        @Override
        public MessageType type() {
            return MessageType.BACKEND_VRING_ERR;
        }
    }

    /** Exports an object to other back-ends. */
    record SharedObjectAdd(UUID object) implements BackendRequest {
        @Override
        public MessageType type() {
            return MessageType.BACKEND_SHARED_OBJECT_ADD;
        }
    }

    /** Exports it no longer. */
    record SharedObjectRemove(UUID object) implements BackendRequest {
        @Override
        public MessageType type() {
            return MessageType.BACKEND_SHARED_OBJECT_REMOVE;
        }
    }

    /** Asks for the descriptor of another back-end's object. */
    record SharedObjectLookup(UUID object) implements BackendRequest {
        @Override
        public MessageType type() {
            return MessageType.BACKEND_SHARED_OBJECT_LOOKUP;
        }
    }

    /** Maps a part of a file into a shared memory region of the device. */
    record ShmemMap(SharedMap map) implements BackendRequest {
        @Override
        public MessageType type() {
            return MessageType.BACKEND_SHMEM_MAP;
        }
    }

    /** Unmaps a range of a shared memory region. */
    record ShmemUnmap(SharedMap map) implements BackendRequest {
        @Override
        public MessageType type() {
            return MessageType.BACKEND_SHMEM_UNMAP;
        }
    }
}
