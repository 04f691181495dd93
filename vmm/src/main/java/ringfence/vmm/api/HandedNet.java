package ringfence.vmm.api;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.option.Json;
import ringfence.vmm.config.NetConfig;
import ringfence.vmm.event.EventSink;
import ringfence.vmm.machine.VmException;
import ringfence.vmm.machine.VmException.Reason;

/**
 * A network device whose taps a client has sent along with {@code vm.add-net}: each descriptor serves one pair of queues.
 *
 * @param net names duplicates of them
 * @param fds the duplicates, in the order in which they were sent; the holder's
 */
record HandedNet(NetConfig net, List<Fd> fds) implements AutoCloseable {
    /** What is said of a tap that is there already, as generated clients do with their defaults, has no effect. */
    private static final List<String> OF_NO_EFFECT = List.of("ip", "mask");

    /**
     * Makes it.
     *
     * @throws ringfence.option.OptionException if the JSON is wrong
     * @throws VmException if there are too many or too few descriptors, or they are no taps, or no more can be open; in
     *     each case no duplicate is left
     */
    static HandedNet take(Linux linux, HttpRequest request, Json.Obj body, EventSink events) {
        if (body.get("fds") != Json.Null.NULL && !body.get("fds").equals(Json.of(List.of()))) {
            throw new VmException(
                    Reason.INVALID, "net fds: are sent as descriptors, and not as numbers too: leave the numbers out");
        }
        int queues = 2 * request.fds().size();
        List<Fd> fds = new ArrayList<>();
        try {
            for (Fd fd : request.fds()) {
                if (!linux.files().stat(fd).isCharacterDevice()) {
                    throw new VmException(
                            Reason.INVALID, "net fds: descriptor " + fds.size() + " is no tap: send one of a tap");
                }
                fds.add(fd.duplicate());
            }
            NetConfig net = RequestBody.read(NetConfig.TABLE, request, naming(body, fds), events);
            if (net.numQueues() != queues) {
                throw new VmException(
                        Reason.INVALID,
                        "net fds: " + request.fds().size() + " descriptors are for num_queues=" + queues + ", not "
                                + net.numQueues() + ": one is needed per two queues");
            }
            return new HandedNet(net, List.copyOf(fds));
        } catch (ErrnoException e) {
            fds.forEach(Fd::close);
            throw new VmException(Reason.FAILED, "net fds: " + e.getMessage());
        } catch (RuntimeException e) {
            fds.forEach(Fd::close);
            throw e;
        }
    }

    private static Json.Obj naming(Json.Obj body, List<Fd> fds) {
        Map<String, Json> members = new LinkedHashMap<>(body.members());
        members.keySet().removeAll(OF_NO_EFFECT);
        members.put("fds", Json.of(fds.stream().map(Fd::number).toList()));
        return new Json.Obj(members);
    }

    @Override
    public void close() {
        fds.forEach(Fd::close);
    }
}
