package ringfence.vhostuser;

import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/** One message of each type, with values that differ from each other. */
final class Samples {
    static final MemoryRegion REGION = new MemoryRegion(0x1000, 0x2000, 0x7f0000000000L, 0x4000);
    private static final UUID OBJECT = UUID.fromString("00112233-4455-6677-8899-aabbccddeeff");
    private static final Iotlb IOTLB = new Iotlb(0x1000, 0x2000, 0x3000, 3, 2);
    private static final SharedMap MAP = new SharedMap(7, 0x1000, 0x2000, 0x3000, true);
    private static final InflightArea AREA = new InflightArea(0x1240, 0x1000, 4, 256);

    private Samples() {}

    static List<Request> requests() {
        return List.of(
                new Request.GetFeatures(),
                new Request.SetFeatures(0x1_4000_0001L),
                new Request.SetOwner(),
                new Request.ResetOwner(),
                new Request.SetMemTable(List.of(REGION, new MemoryRegion(0x100000, 0x5000, 0x6000, 0))),
                new Request.SetLogBase(0x1000, 0x2000),
                new Request.SetLogFd(),
                new Request.SetVringNum(1, 256),
                new Request.SetVringAddr(1, 1, 0x10, 0x20, 0x30, 0x40),
                new Request.SetVringBase(1, 0xabcd),
                new Request.GetVringBase(1),
                new Request.SetVringKick(1, true),
                new Request.SetVringCall(2, false),
                new Request.SetVringErr(3, true),
                new Request.GetProtocolFeatures(),
                new Request.SetProtocolFeatures(0x20b),
                new Request.GetQueueNum(),
                new Request.SetVringEnable(1, true),
                new Request.SendRarp(0x665544332211L),
                new Request.NetSetMtu(1500),
                new Request.SetBackendReqFd(),
                new Request.IotlbMsg(IOTLB),
                new Request.SetVringEndian(1, true),
                new Request.GetConfig(8, 16, 0),
                new Request.SetConfig(32, new byte[] {1, 2, 3}, 1),
                new Request.CreateCryptoSession(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9}),
                new Request.CloseCryptoSession(5),
                new Request.PostcopyAdvise(),
                new Request.PostcopyListen(),
                new Request.PostcopyEnd(),
                new Request.GetInflightFd(AREA),
                new Request.SetInflightFd(AREA),
                new Request.GpuSetSocket(),
                new Request.ResetDevice(),
                new Request.VringKick(1),
                new Request.GetMaxMemSlots(),
                new Request.AddMemReg(REGION),
                new Request.RemMemReg(REGION),
                new Request.SetStatus(0xf),
                new Request.GetStatus(),
                new Request.GetSharedObject(OBJECT),
                new Request.SetDeviceStateFd(true),
                new Request.CheckDeviceState(),
                new Request.GetShmemConfig());
    }

    static List<BackendRequest> backendRequests() {
        return List.of(
                new BackendRequest.IotlbMsg(IOTLB),
                new BackendRequest.ConfigChange(),
                new BackendRequest.HostNotifier(3, true, 0x1000, 0x2000),
                new BackendRequest.VringCall(1),
                new BackendRequest.VringErr(2),
                new BackendRequest.SharedObjectAdd(OBJECT),
                new BackendRequest.SharedObjectRemove(OBJECT),
                new BackendRequest.SharedObjectLookup(OBJECT),
                new BackendRequest.ShmemMap(MAP),
                new BackendRequest.ShmemUnmap(MAP));
    }

    /** An answer of each kind. */
    static Reply reply(ReplyKind kind) {
        return switch (kind) {
            case ACK, U64, DEVICE_STATE -> new Reply.U64(0x1122334455667788L);
            case DONE, USERFAULT, SHARED_OBJECT -> new Reply.Done();
            case VRING_BASE -> new Reply.VringBase(1, 77);
            case CONFIG -> new Reply.Config(8, new byte[] {9, 8, 7}, 0);
            case CRYPTO_SESSION -> new Reply.CryptoSession(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
            case INFLIGHT -> new Reply.Inflight(AREA);
            case REGIONS -> new Reply.Regions(List.of(REGION));
            case SHARED_MEMORY -> new Reply.SharedMemory(sizes());
        };
    }

    private static List<Long> sizes() {
        Long[] sizes = new Long[256];
        Arrays.fill(sizes, 0L);
        sizes[3] = 0x10000L;
        return List.of(sizes);
    }

    /** How many descriptors go along with a sample. */
    static int descriptors(Request request) {
        return switch (request) {
            case Request.SetMemTable table -> table.regions().size();
            case Request.SetVringKick kick -> kick.withDescriptor() ? 1 : 0;
            case Request.SetVringCall call -> call.withDescriptor() ? 1 : 0;
            case Request.SetVringErr err -> err.withDescriptor() ? 1 : 0;
            default -> request.type().minDescriptors();
        };
    }
}
