package ringfence.vhostuser;

import java.nio.ByteBuffer;

/** Payloads of a front-end's requests. */
final class RequestCodec {
    private RequestCodec() {}

    /** Reads the payload of a request whose size and descriptors the table has admitted. */
    static Request read(MessageType type, ByteBuffer in, int descriptors) {
        return switch (type) {
            case GET_FEATURES -> new Request.GetFeatures();
            case SET_FEATURES -> new Request.SetFeatures(in.getLong());
            case SET_OWNER -> new Request.SetOwner();
            case RESET_OWNER -> new Request.ResetOwner();
            case SET_MEM_TABLE -> memory(in, descriptors);
            case SET_LOG_BASE -> new Request.SetLogBase(in.getLong(), in.getLong());
            case SET_LOG_FD -> new Request.SetLogFd();
            case SET_VRING_NUM -> new Request.SetVringNum(in.getInt(), in.getInt());
            case SET_VRING_ADDR ->
                new Request.SetVringAddr(
                        in.getInt(), in.getInt(), in.getLong(), in.getLong(), in.getLong(), in.getLong());
            case SET_VRING_BASE -> new Request.SetVringBase(in.getInt(), in.getInt());
            case GET_VRING_BASE -> withoutNumber(new Request.GetVringBase(in.getInt()), in);
            case SET_VRING_KICK, SET_VRING_CALL, SET_VRING_ERR -> vringFd(type, in, descriptors);
            case GET_PROTOCOL_FEATURES -> new Request.GetProtocolFeatures();
            case SET_PROTOCOL_FEATURES -> new Request.SetProtocolFeatures(in.getLong());
            case GET_QUEUE_NUM -> new Request.GetQueueNum();
            case SET_VRING_ENABLE ->
                new Request.SetVringEnable(in.getInt(), Fields.flag("SET_VRING_ENABLE", in.getInt()));
            case SEND_RARP -> new Request.SendRarp(in.getLong());
            case NET_SET_MTU -> new Request.NetSetMtu(in.getLong());
            case SET_BACKEND_REQ_FD -> new Request.SetBackendReqFd();
            case IOTLB_MSG -> new Request.IotlbMsg(Fields.iotlb(in));
            case SET_VRING_ENDIAN ->
                new Request.SetVringEndian(in.getInt(), Fields.flag("SET_VRING_ENDIAN", in.getInt()));
            case GET_CONFIG, SET_CONFIG -> config(type, in);
            case CREATE_CRYPTO_SESSION -> new Request.CreateCryptoSession(Fields.rest(in));
            case CLOSE_CRYPTO_SESSION -> new Request.CloseCryptoSession(in.getLong());
            case POSTCOPY_ADVISE -> new Request.PostcopyAdvise();
            case POSTCOPY_LISTEN -> new Request.PostcopyListen();
            case POSTCOPY_END -> new Request.PostcopyEnd();
            case GET_INFLIGHT_FD -> new Request.GetInflightFd(Fields.inflight(in));
            case SET_INFLIGHT_FD -> new Request.SetInflightFd(Fields.inflight(in));
            case GPU_SET_SOCKET -> new Request.GpuSetSocket();
            case RESET_DEVICE -> new Request.ResetDevice();
            case VRING_KICK -> withoutNumber(new Request.VringKick(in.getInt()), in);
            case GET_MAX_MEM_SLOTS -> new Request.GetMaxMemSlots();
            case ADD_MEM_REG -> new Request.AddMemReg(Fields.singleRegion(in));
            case REM_MEM_REG -> new Request.RemMemReg(Fields.singleRegion(in));
            case SET_STATUS -> new Request.SetStatus(status(in.getLong()));
            case GET_STATUS -> new Request.GetStatus();
            case GET_SHARED_OBJECT -> new Request.GetSharedObject(Fields.uuid(in));
            case SET_DEVICE_STATE_FD -> deviceState(in);
            case CHECK_DEVICE_STATE -> new Request.CheckDeviceState();
            case GET_SHMEM_CONFIG -> new Request.GetShmemConfig();
            case BACKEND_IOTLB_MSG,
                    BACKEND_CONFIG_CHANGE_MSG,
                    BACKEND_VRING_HOST_NOTIFIER_MSG,
                    BACKEND_VRING_CALL,
                    BACKEND_VRING_ERR,
                    BACKEND_SHARED_OBJECT_ADD,
                    BACKEND_SHARED_OBJECT_REMOVE,
                    BACKEND_SHARED_OBJECT_LOOKUP,
                    BACKEND_SHMEM_MAP,
                    BACKEND_SHMEM_UNMAP -> throw new IllegalArgumentException("not a front-end's request: " + type);
        };
    }

    /** The number beside the index means nothing here, and peers leave anything in it. */
    private static Request withoutNumber(Request request, ByteBuffer in) {
        in.getInt();
        return request;
    }

    private static Request memory(ByteBuffer in, int descriptors) {
        Request.SetMemTable table = new Request.SetMemTable(Fields.regions(in));
        WireException.require(
                table.regions().size() == descriptors,
                "SET_MEM_TABLE: descriptors for " + table.regions().size() + " regions",
                descriptors);
        return table;
    }

    private static Request vringFd(MessageType type, ByteBuffer in, int descriptors) {
        long word = Fields.vringFd(type, in, descriptors);
        int queue = (int) (word & Wire.VRING_INDEX);
        boolean withDescriptor = (word & Wire.NO_DESCRIPTOR) == 0;
        return switch (type) {
            case SET_VRING_KICK -> new Request.SetVringKick(queue, withDescriptor);
            case SET_VRING_CALL -> new Request.SetVringCall(queue, withDescriptor);
            default -> new Request.SetVringErr(queue, withDescriptor);
        };
    }

    private static Request config(MessageType type, ByteBuffer in) {
        int offset = in.getInt();
        int size = in.getInt();
        int flags = in.getInt();
        WireException.require(
                size == in.remaining(),
                type + ": size, " + in.remaining() + " bytes came",
                Integer.toUnsignedString(size));
        byte[] bytes = Fields.rest(in);
        return type == MessageType.GET_CONFIG
                ? new Request.GetConfig(offset, size, flags)
                : new Request.SetConfig(offset, bytes, flags);
    }

    private static int status(long status) {
        WireException.require(status >= 0 && status <= 0xff, "SET_STATUS", Long.toUnsignedString(status));
        return (int) status;
    }

    private static Request deviceState(ByteBuffer in) {
        boolean load = Fields.flag("SET_DEVICE_STATE_FD: direction", in.getInt());
        int phase = in.getInt();
        WireException.require(phase == 0, "SET_DEVICE_STATE_FD: phase", Integer.toUnsignedString(phase));
        return new Request.SetDeviceStateFd(load);
    }

    /** Writes the payload. */
    static void write(Request request, ByteBuffer out) {
        switch (request) {
            case Request.GetFeatures _,
                    Request.SetOwner _,
                    Request.ResetOwner _,
                    Request.SetLogFd _,
                    Request.GetProtocolFeatures _,
                    Request.GetQueueNum _,
                    Request.SetBackendReqFd _,
                    Request.PostcopyAdvise _,
                    Request.PostcopyListen _,
                    Request.PostcopyEnd _,
                    Request.GpuSetSocket _,
                    Request.ResetDevice _,
                    Request.GetMaxMemSlots _,
                    Request.GetStatus _,
                    Request.CheckDeviceState _,
                    Request.GetShmemConfig _ -> {}
            case Request.SetFeatures(long features) -> out.putLong(features);
            case Request.SetProtocolFeatures(long features) -> out.putLong(features);
            case Request.SetMemTable(var regions) -> Fields.regions(regions, out);
            case Request.SetLogBase(long size, long offset) -> out.putLong(size).putLong(offset);
            case Request.SetVringNum(int queue, int size) -> Fields.state(queue, size, out);
            case Request.SetVringAddr address -> address(address, out);
            case Request.SetVringBase(int queue, int base) -> Fields.state(queue, base, out);
            case Request.GetVringBase(int queue) -> Fields.state(queue, 0, out);
            case Request.SetVringKick(int queue, boolean fd) -> Fields.vringFd(queue, fd, out);
            case Request.SetVringCall(int queue, boolean fd) -> Fields.vringFd(queue, fd, out);
            case Request.SetVringErr(int queue, boolean fd) -> Fields.vringFd(queue, fd, out);
            case Request.SetVringEnable(int queue, boolean on) -> Fields.state(queue, on ? 1 : 0, out);
            case Request.SendRarp(long address) -> out.putLong(address);
            case Request.NetSetMtu(long mtu) -> out.putLong(mtu);
            case Request.IotlbMsg(Iotlb entry) -> Fields.iotlb(entry, out);
            case Request.SetVringEndian(int queue, boolean big) -> Fields.state(queue, big ? 1 : 0, out);
            case Request.GetConfig(int offset, int size, int flags) ->
                out.putInt(offset).putInt(size).putInt(flags).put(new byte[size]);
            case Request.SetConfig(int offset, byte[] bytes, int flags) ->
                out.putInt(offset).putInt(bytes.length).putInt(flags).put(bytes);
            case Request.CreateCryptoSession(byte[] parameters) -> out.put(parameters);
            case Request.CloseCryptoSession(long session) -> out.putLong(session);
            case Request.GetInflightFd(InflightArea area) -> Fields.inflight(area, out);
            case Request.SetInflightFd(InflightArea area) -> Fields.inflight(area, out);
            case Request.VringKick(int queue) -> Fields.state(queue, 0, out);
            case Request.AddMemReg(MemoryRegion region) -> Fields.singleRegion(region, out);
            case Request.RemMemReg(MemoryRegion region) -> Fields.singleRegion(region, out);
            case Request.SetStatus(int status) -> out.putLong(status);
            case Request.GetSharedObject(var object) -> Fields.uuid(object, out);
            case Request.SetDeviceStateFd(boolean load) -> Fields.state(load ? 1 : 0, 0, out);
        }
    }

    private static void address(Request.SetVringAddr address, ByteBuffer out) {
        out.putInt(address.queue())
                .putInt(address.flags())
                .putLong(address.descriptorTable())
                .putLong(address.usedRing())
                .putLong(address.availableRing())
                .putLong(address.log());
    }
}
