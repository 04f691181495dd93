package ringfence.vhostuser.link;

import java.util.List;
import ringfence.linux.ErrnoException;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.memory.Region;
import ringfence.vhostuser.InflightArea;
import ringfence.vhostuser.Negotiated;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.Reply;
import ringfence.vhostuser.Request;
import ringfence.vhostuser.link.PeerException.Disposition;
import ringfence.virtio.SplitLayout;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;

/**
 * The front-end's side of one connection: what the VMM, the tests and the benchmarks drive a back-end with. It has no
 * thread; its one owner calls, and every call ends within a deadline, whatever the back-end does. It maps nothing and
 * reads nothing that it is given; descriptors that should not come are closed.
 *
 * <p>Every method throws {@link PeerException} if the back-end fails it; the connection is then useless, except after a
 * refusal that the method's text names. {@link #socket} becomes readable when the back-end hangs up: call {@link #poll}.
 *
 * <p>Order: {@link #hello}, {@link #features}, {@link #memory}, {@link #inflight}, then queues.
 */
public final class Frontend implements AutoCloseable {
    private static final int BASELINE_SLOTS = 8;
    private static final int MAX_QUEUES = 256;

    private final Linux linux;
    private final Conversation peer;
    private final FrontendOptions options;
    private final FrontendMemory memory = new FrontendMemory();
    private MemoryTable table;
    private Offer offer;
    private boolean offersProtocolFeatures;
    private BackendChannel channel;

    private Frontend(Linux linux, Fd socket, FrontendOptions options) {
        this.linux = linux;
        this.options = options;
        peer = new Conversation(new Channel(linux, socket));
    }

    /**
     * Connects. Never waits for the back-end.
     *
     * @throws PeerException RETRY if nobody listens there, or too many wait
     * @throws IllegalArgumentException if the path is too long
     */
    public static Frontend connect(Linux linux, String path, FrontendOptions options) {
        try {
            return new Frontend(linux, linux.sockets().connect(path), options);
        } catch (ErrnoException e) {
            Disposition disposition = switch (e.errno()) {
                case ENOENT, ECONNREFUSED, EAGAIN -> Disposition.RETRY;
                default -> Disposition.FATAL;
            };
            throw new PeerException(e.getMessage(), disposition, e);
        }
    }

    /** Over a connected socket, which it owns from now on. */
    public static Frontend over(Linux linux, Fd socket, FrontendOptions options) {
        return new Frontend(linux, socket, options);
    }

    /** The connection, to be watched; owned by this object. */
    public Fd socket() {
        return peer.socket();
    }

    /** Looks whether the back-end has hung up or sends what nobody asked for; both are a {@link PeerException}. */
    public void poll() {
        peer.poll();
    }

    /**
     * Begins: learns what the back-end has, negotiates protocol features.
     *
     * @param wanted mask of {@link ProtocolFeature}s; those that the back-end lacks are left out
     */
    public Offer hello(long wanted) {
        tell(new Request.SetOwner());
        long features = peer.number(new Request.GetFeatures(), options.helloNanos());
        long protocol = 0;
        int queues = 0;
        int slots = BASELINE_SLOTS;
        if ((features & Negotiated.PROTOCOL_FEATURES) != 0) {
            protocol = wanted & peer.number(new Request.GetProtocolFeatures(), options.replyNanos());
            tell(new Request.SetProtocolFeatures(protocol));
            peer.negotiated(peer.negotiated().withProtocolFeatures(protocol));
            if (ProtocolFeature.MQ.in(protocol)) {
                queues = count("queues", new Request.GetQueueNum(), 1, MAX_QUEUES);
            }
            if (ProtocolFeature.CONFIGURE_MEM_SLOTS.in(protocol)) {
                slots = count("memory slots", new Request.GetMaxMemSlots(), 1, Integer.MAX_VALUE);
            }
            if (ProtocolFeature.BACKEND_REQ.in(protocol)) {
                openChannel();
            }
        }
        offer = new Offer(features & ~Negotiated.PROTOCOL_FEATURES, protocol, queues, slots);
        offersProtocolFeatures = (features & Negotiated.PROTOCOL_FEATURES) != 0;
        return offer;
    }

    private int count(String what, Request request, long least, long most) {
        long count = peer.number(request, options.replyNanos());
        if (count < least || Long.compareUnsigned(count, most) > 0) {
            throw new PeerException(
                    "the back-end claims " + Long.toUnsignedString(count) + " " + what, Disposition.FATAL);
        }
        return (int) count;
    }

    private void openChannel() {
        Fd[] pair = linux.sockets().pair();
        try (Fd theirs = pair[1]) {
            channel = new BackendChannel(new Channel(linux, pair[0]), peer, options);
            tell(new Request.SetBackendReqFd(), theirs);
        }
    }

    private void tell(Request request, Fd... fds) {
        peer.tell(request, options.replyNanos(), Disposition.RECONNECT, fds);
    }

    /** Accepts feature bits, all of them offered. */
    public void features(long accepted) {
        if ((accepted & ~offer.features()) != 0) {
            throw new PeerException(
                    "the back-end does not offer features 0x" + Long.toHexString(accepted & ~offer.features()),
                    Disposition.FATAL);
        }
        long all = accepted | (offersProtocolFeatures ? Negotiated.PROTOCOL_FEATURES : 0);
        tell(new Request.SetFeatures(all));
        peer.negotiated(peer.negotiated().withFeatures(all));
    }

    /**
     * Reads the configuration space. CONFIG was negotiated.
     *
     * @param size 1 to 256
     */
    public byte[] config(int offset, int size) {
        byte[] bytes = askForConfig(offset, size);
        if (bytes.length != size) {
            throw new PeerException(
                    "GET_CONFIG: offset=" + offset + " size=" + size + " but the back-end answers " + bytes.length
                            + " bytes",
                    Disposition.RECONNECT);
        }
        return bytes;
    }

    /**
     * Reads the configuration space of a back-end of which nobody knows how long it is: as much from its beginning as it
     * answers for, perhaps nothing. CONFIG was negotiated.
     *
     * @param most 1 to 256
     */
    public byte[] configUpTo(int most) {
        byte[] best = new byte[0];
        int refused = most + 1;
        for (int size = most; size > best.length; size = (best.length + refused) / 2) {
            byte[] bytes = askForConfig(0, size);
            if (bytes.length == size) {
                best = bytes;
            } else {
                refused = size;
            }
        }
        return best;
    }

    private byte[] askForConfig(int offset, int size) {
        Reply reply = peer.ask(new Request.GetConfig(offset, size, 0), options.replyNanos())
                .reply();
        return ((Reply.Config) reply).bytes();
    }

    /** Writes into the configuration space. CONFIG was negotiated. A refusal (RETRY) leaves the connection whole. */
    public void config(int offset, byte[] bytes) {
        peer.tell(new Request.SetConfig(offset, bytes, 0), options.replyNanos(), Disposition.RETRY);
    }

    /**
     * Sets a part of the configuration space that the driver may not write; no queue runs. CONFIG was negotiated. A refusal
     * (RETRY) leaves the connection whole; a back-end without REPLY_ACK tells of none.
     */
    public void setConfig(int offset, byte[] bytes) {
        peer.tell(
                new Request.SetConfig(offset, bytes, Request.SetConfig.MIGRATION),
                options.stopNanos(),
                Disposition.RETRY);
    }

    /**
     * Tells of guest memory, all of it, at first and whenever it changes; queues may run. The regions have files.
     *
     * @throws PeerException FATAL if the back-end cannot hold it
     */
    public void memory(MemoryTable next) {
        boolean slots = offer.has(ProtocolFeature.CONFIGURE_MEM_SLOTS);
        int most = slots ? offer.memorySlots() : BASELINE_SLOTS;
        if (next.regions().size() > most) {
            throw new PeerException(
                    "the back-end holds " + most + " memory regions, there are "
                            + next.regions().size(),
                    Disposition.FATAL);
        }
        if (!slots || memory.isEmpty() && next.regions().size() <= BASELINE_SLOTS) {
            List<Region> regions = next.regions();
            peer.tell(
                    new Request.SetMemTable(
                            regions.stream().map(FrontendMemory::wire).toList()),
                    options.stopNanos(),
                    Disposition.FATAL,
                    regions.stream().map(Region::fd).toArray(Fd[]::new));
        } else {
            for (Region region : memory.gone(next)) {
                peer.tell(
                        new Request.RemMemReg(FrontendMemory.wire(region)), options.stopNanos(), Disposition.RECONNECT);
            }
            for (Region region : memory.fresh(next)) {
                peer.tell(
                        new Request.AddMemReg(FrontendMemory.wire(region)),
                        options.stopNanos(),
                        Disposition.FATAL,
                        region.fd());
            }
        }
        memory.knows(next);
        table = next;
    }

    /**
     * Asks for a region in which the back-end tracks requests in flight. INFLIGHT_SHMFD was negotiated. The caller owns
     * it, keeps it for the next back-end, and hands it over by {@link #inflight}, to this one too.
     */
    public InflightShare newInflight(int queues, int queueSize) {
        Conversation.Answer answer =
                peer.ask(new Request.GetInflightFd(new InflightArea(0, 0, queues, queueSize)), options.replyNanos());
        InflightArea area = ((Reply.Inflight) answer.reply()).area();
        if (answer.fd() == null || area.size() == 0) {
            if (answer.fd() != null) {
                answer.fd().close();
            }
            throw new PeerException("GET_INFLIGHT_FD: the back-end gives no region", Disposition.RECONNECT);
        }
        // its word for the size, ours for what we asked
        return new InflightShare(answer.fd(), new InflightArea(area.size(), area.offset(), queues, queueSize));
    }

    /** Hands over a region, before the first queue starts. */
    public void inflight(InflightShare share) {
        peer.tell(new Request.SetInflightFd(share.area()), options.stopNanos(), Disposition.RECONNECT, share.fd());
    }

    /**
     * Starts a queue. Returns when the back-end has heard all of it.
     *
     * @param kick null: the back-end polls
     * @param call null: we poll
     * @param err null: nobody wants to know of a broken ring
     * @throws PeerException FATAL if the ring does not lie in memory that the back-end knows
     */
    public void startQueue(int index, QueueConfig config, QueueState from, EventFd kick, EventFd call, EventFd err) {
        startQueue(index, config, from, kick, call, err, true);
    }

    /**
     * As {@link #startQueue(int, QueueConfig, QueueState, EventFd, EventFd, EventFd)}, enabled or not.
     *
     * @param enabled false: {@link #enable} will do it; only where protocol features were offered
     */
    public void startQueue(
            int index, QueueConfig config, QueueState from, EventFd kick, EventFd call, EventFd err, boolean enabled) {
        int size = config.size();
        Request.SetVringAddr address = new Request.SetVringAddr(
                index,
                0,
                toUser(config.descriptorTable(), SplitLayout.descriptorBytes(size)),
                toUser(config.usedRing(), SplitLayout.usedBytes(size)),
                toUser(config.availableRing(), SplitLayout.availableBytes(size)),
                config.usedRing());
        tell(new Request.SetVringNum(index, size));
        tell(new Request.SetVringBase(index, from.availableIndex()));
        tell(address);
        tell(new Request.SetVringErr(index, err != null), fds(err));
        tell(new Request.SetVringCall(index, call != null), fds(call)); // before the kick: libvhost-user needs it so
        tell(new Request.SetVringKick(index, kick != null), fds(kick));
        if (peer.negotiated().has(Negotiated.PROTOCOL_FEATURES)) {
            tell(new Request.SetVringEnable(index, enabled));
        }
        if (!peer.negotiated().has(ProtocolFeature.REPLY_ACK)) {
            peer.number(new Request.GetFeatures(), options.replyNanos()); // answered only after all before it
        }
    }

    /** Gives a queue another call eventfd, running or not; null: none. The back-end may signal it once at once. */
    public void call(int index, EventFd call) {
        tell(new Request.SetVringCall(index, call != null), fds(call));
    }

    private static Fd[] fds(EventFd fd) {
        return fd == null ? new Fd[0] : new Fd[] {fd.fd()};
    }

    private long toUser(long gpa, long bytes) {
        int region = table == null ? -1 : table.find(gpa, bytes);
        if (region < 0) {
            throw new PeerException(
                    "a ring of " + bytes + " bytes at guest address 0x" + Long.toHexString(gpa) + " is no memory",
                    Disposition.FATAL);
        }
        return table.regions().get(region).userAddress() + gpa - table.guestAddress(region);
    }

    /** Stops a queue. It has drained when this returns; nothing is in flight. */
    public QueueState stopQueue(int index) {
        Reply.VringBase base = (Reply.VringBase)
                peer.ask(new Request.GetVringBase(index), options.stopNanos()).reply();
        if (base.queue() != index || base.base() < 0 || base.base() > 0xFFFF) {
            throw new PeerException("GET_VRING_BASE of queue " + index + ": " + base, Disposition.RECONNECT);
        }
        return new QueueState(base.base(), base.base());
    }

    /** Enables or disables a queue; only where protocol features were offered. */
    public void enable(int index, boolean on) {
        tell(new Request.SetVringEnable(index, on));
    }

    /**
     * Resets the device; its queues stop first.
     *
     * @return false if this back-end knows no way to: stop the queues instead
     */
    public boolean reset() {
        if (peer.negotiated().has(ProtocolFeature.RESET_DEVICE)) {
            peer.tell(new Request.ResetDevice(), options.stopNanos(), Disposition.RECONNECT);
            return true;
        }
        if (peer.negotiated().has(ProtocolFeature.STATUS)) {
            peer.tell(new Request.SetStatus(0), options.stopNanos(), Disposition.RECONNECT);
            return true;
        }
        return false;
    }

    /** Tells how long the guest's packets may be, 68 to 65535 bytes, where MTU was negotiated. A refusal is FATAL. */
    public void mtu(int bytes) {
        peer.tell(new Request.NetSetMtu(bytes), options.replyNanos(), Disposition.FATAL);
    }

    /** Tells the device status, where STATUS was negotiated. */
    public void status(int bits) {
        tell(new Request.SetStatus(bits));
    }

    /** Asks for the device status, where STATUS was negotiated. */
    public int status() {
        return (int) peer.number(new Request.GetStatus(), options.replyNanos()) & 0xFF;
    }

    /** Hands over a dirty log, where LOG_SHMFD was negotiated; LOG_ALL among the features switches it on. */
    public void log(Fd file, long size, long offset) {
        peer.ask(new Request.SetLogBase(size, offset), options.stopNanos(), file);
    }

    /**
     * Saves the device's inner state, where DEVICE_STATE was negotiated; its queues have stopped.
     *
     * @param limit the most bytes that are taken
     */
    public byte[] saveState(int limit) {
        return new StateExchange(linux, peer, options).save(limit);
    }

    /** Loads an inner state. A refusal (FATAL) leaves the connection whole. */
    public void loadState(byte[] state) {
        new StateExchange(linux, peer, options).load(state);
    }

    /** The back-end channel; null unless BACKEND_REQ was negotiated. */
    public BackendChannel channel() {
        return channel;
    }

    @Override
    public void close() {
        if (channel != null) {
            channel.close();
        }
        peer.close();
    }
}
