package ringfence.vhostuser;

import java.nio.ByteBuffer;
import java.util.UUID;

/** Payloads of a back-end's requests. */
final class BackendRequestCodec {
    private BackendRequestCodec() {}

    /** Reads the payload of a request whose size and descriptors the table has admitted. */
    static BackendRequest read(MessageType type, ByteBuffer in, int descriptors) {
        return switch (type) {
            case BACKEND_IOTLB_MSG -> new BackendRequest.IotlbMsg(Fields.iotlb(in));
            case BACKEND_CONFIG_CHANGE_MSG -> new BackendRequest.ConfigChange();
            case BACKEND_VRING_HOST_NOTIFIER_MSG -> {
                long word = Fields.vringFd(type, in, descriptors);
                yield new BackendRequest.HostNotifier(
                        (int) (word & Wire.VRING_INDEX), (word & Wire.NO_DESCRIPTOR) == 0, in.getLong(), in.getLong());
            }
            case BACKEND_VRING_CALL -> withoutNumber(new BackendRequest.VringCall(in.getInt()), in);
            case BACKEND_VRING_ERR -> withoutNumber(new BackendRequest.VringErr(in.getInt()), in);
            case BACKEND_SHARED_OBJECT_ADD -> new BackendRequest.SharedObjectAdd(Fields.uuid(in));
            case BACKEND_SHARED_OBJECT_REMOVE -> new BackendRequest.SharedObjectRemove(Fields.uuid(in));
            case BACKEND_SHARED_OBJECT_LOOKUP -> new BackendRequest.SharedObjectLookup(Fields.uuid(in));
            case BACKEND_SHMEM_MAP -> new BackendRequest.ShmemMap(Fields.map(in));
            case BACKEND_SHMEM_UNMAP -> new BackendRequest.ShmemUnmap(Fields.map(in));
            default -> throw new IllegalArgumentException("not a back-end's request: " + type);
        };
    }

    private static BackendRequest withoutNumber(BackendRequest request, ByteBuffer in) {
        in.getInt();
        return request;
    }

    /** Writes the payload. */
    static void write(BackendRequest request, ByteBuffer out) {
        switch (request) {
            case BackendRequest.IotlbMsg(Iotlb entry) -> Fields.iotlb(entry, out);
            case BackendRequest.ConfigChange _ -> {}
            case BackendRequest.HostNotifier(int queue, boolean fd, long size, long offset) -> {
                Fields.vringFd(queue, fd, out);
                out.putLong(size).putLong(offset);
            }
            case BackendRequest.VringCall(int queue) -> Fields.state(queue, 0, out);
            case BackendRequest.VringErr(int queue) -> Fields.state(queue, 0, out);
            case BackendRequest.SharedObjectAdd(UUID object) -> Fields.uuid(object, out);
            case BackendRequest.SharedObjectRemove(UUID object) -> Fields.uuid(object, out);
            case BackendRequest.SharedObjectLookup(UUID object) -> Fields.uuid(object, out);
            case BackendRequest.ShmemMap(SharedMap map) -> Fields.map(map, out);
            case BackendRequest.ShmemUnmap(SharedMap map) -> Fields.map(map, out);
        }
    }
}
