package ringfence.vhostuser.link;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import ringfence.linux.Fd;
import ringfence.vhostuser.BackendRequest;
import ringfence.vhostuser.Codec;
import ringfence.vhostuser.MessageType;
import ringfence.vhostuser.Negotiated;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.Reply;
import ringfence.vhostuser.ReplyKind;
import ringfence.vhostuser.Request;
import ringfence.vhostuser.WireException;

/**
 * One connection of a {@link Backend}: what has been negotiated, and what each message does. Its thread is the
 * back-end's; a rule broken is a {@link WireException}, and ends it.
 */
final class Session implements AutoCloseable {
    private static final long SEND_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int NO_DESCRIPTOR = 0x100;

    private final BackendContext context;
    private final Channel channel;
    private final BackendDevice device;
    private final DeviceQueues queues;
    private final StateTransfer transfer;
    private final long offered;
    private final long protocolOffered;
    private Negotiated negotiated = Negotiated.NOTHING;
    private Channel backChannel;
    private int status;

    Session(BackendContext context, Channel channel) {
        this.context = context;
        this.channel = channel;
        device = context.device();
        queues = new DeviceQueues(context);
        transfer = new StateTransfer(context);
        offered = Offers.features(device);
        protocolOffered = Offers.protocolFeatures(device);
    }

    /** Obeys one message, and answers it if it wants an answer. The frame stays the caller's. */
    void handle(Frame frame) {
        Request request = Codec.request(frame.header(), frame.payload(), frame.descriptors(), negotiated);
        MessageType type = request.type();
        InflightShare share = null;
        try {
            Reply reply;
            if (request instanceof Request.GetInflightFd(var area)) {
                share = queues.newInflight(area.queues(), area.queueSize());
                reply = new Reply.Inflight(share.area());
            } else {
                reply = obey(request, frame);
            }
            boolean wanted = type.reply() != ReplyKind.ACK
                    || frame.header().needReply() && negotiated.has(ProtocolFeature.REPLY_ACK);
            if (wanted) {
                send(type, reply, share == null ? new Fd[0] : new Fd[] {share.fd()});
            }
        } finally {
            if (share != null) {
                share.close();
            }
        }
    }

    private void send(MessageType type, Reply reply, Fd... fds) {
        ByteBuffer out = Channel.buffer();
        Codec.write(type, reply, out);
        channel.send(out.flip(), System.nanoTime() + SEND_NANOS, fds);
    }

    private Reply obey(Request request, Frame frame) {
        return switch (request) {
            case Request.GetFeatures _ -> new Reply.U64(offered);
            case Request.SetFeatures(long features) -> features(features);
            case Request.GetProtocolFeatures _ -> new Reply.U64(protocolOffered);
            case Request.SetProtocolFeatures(long features) -> protocolFeatures(features);
            case Request.GetQueueNum _ -> new Reply.U64(device.queueCount());
            case Request.SetOwner _ -> Reply.U64.SUCCESS;
            case Request.ResetOwner _ -> queues.disableAll();
            case Request.GetMaxMemSlots _ -> new Reply.U64(BackendMemory.SLOTS);
            case Request.SetMemTable(var regions) -> queues.memory(regions, frame);
            case Request.AddMemReg(var region) -> queues.addMemory(region, frame.peek(0));
            case Request.RemMemReg(var region) -> queues.removeMemory(region);
            case Request.SetVringNum(int queue, int size) -> queues.size(queue, size);
            case Request.SetVringAddr address -> queues.address(address);
            case Request.SetVringBase(int queue, int base) -> queues.base(queue, base);
            case Request.GetVringBase(int queue) -> new Reply.VringBase(queue, queues.stop(queue));
            case Request.SetVringKick kick -> queues.kick(kick, frame);
            case Request.SetVringCall call -> queues.call(call, frame);
            case Request.SetVringErr err -> queues.err(err, frame);
            case Request.SetVringEnable(int queue, boolean on) -> queues.enable(queue, on);
            case Request.GetConfig get -> config(get);
            case Request.SetConfig set -> config(set);
            case Request.SetInflightFd(var area) -> queues.inflight(area, frame.peek(0));
            case Request.SetLogBase(long size, long offset) -> queues.log(size, offset, frame.peek(0));
            case Request.SetLogFd _ -> logFd(frame);
            case Request.SetBackendReqFd _ -> backChannel(frame);
            case Request.ResetDevice _ -> reset();
            case Request.SetStatus(int bits) -> status(bits);
            case Request.GetStatus _ -> new Reply.U64(status);
            case Request.SetDeviceStateFd(boolean load) -> deviceState(load, frame);
            case Request.CheckDeviceState _ -> transfer.result() ? Reply.U64.SUCCESS : Reply.U64.FAILURE;
            case Request.GetInflightFd _ -> throw new IllegalStateException("answered elsewhere");
            case Request.SendRarp _,
                    Request.NetSetMtu _,
                    Request.IotlbMsg _,
                    Request.SetVringEndian _,
                    Request.CreateCryptoSession _,
                    Request.CloseCryptoSession _,
                    Request.PostcopyAdvise _,
                    Request.PostcopyListen _,
                    Request.PostcopyEnd _,
                    Request.GpuSetSocket _,
                    Request.VringKick _,
                    Request.GetSharedObject _,
                    Request.GetShmemConfig _ -> throw new WireException(request.type() + " is not offered here");
        };
    }

    private Reply features(long features) {
        Offers.check("SET_FEATURES", features, offered);
        long changed = (features ^ negotiated.features()) & ~Negotiated.LOG_ALL;
        if (queues.anyRunning() && changed != 0) {
            throw new WireException("SET_FEATURES changes 0x" + Long.toHexString(changed) + " while a queue runs");
        }
        negotiated = negotiated.withFeatures(features);
        device.negotiated(features & ~(Negotiated.LOG_ALL | Negotiated.PROTOCOL_FEATURES));
        queues.features(features);
        return Reply.U64.SUCCESS;
    }

    private Reply protocolFeatures(long features) {
        Offers.check("SET_PROTOCOL_FEATURES", features, protocolOffered);
        if (queues.anyRunning() && features != negotiated.protocolFeatures()) {
            throw new WireException("SET_PROTOCOL_FEATURES while a queue runs");
        }
        negotiated = negotiated.withProtocolFeatures(features);
        return Reply.U64.SUCCESS;
    }

    /** Bytes beyond the end are zeros: front-ends ask for as much as they know of. */
    private Reply config(Request.GetConfig get) {
        byte[] all = device.config();
        byte[] part = new byte[get.size()];
        int there = Math.min(get.size(), Math.max(0, all.length - get.offset()));
        if (there > 0) {
            System.arraycopy(all, get.offset(), part, 0, there);
        }
        return new Reply.Config(get.offset(), part, get.flags());
    }

    private Reply config(Request.SetConfig set) {
        if (set.offset() > device.config().length - set.bytes().length) {
            return Reply.U64.FAILURE;
        }
        try {
            if ((set.flags() & Request.SetConfig.MIGRATION) == 0) {
                device.writeConfig(set.offset(), set.bytes());
            } else {
                setConfig(set);
            }
            return Reply.U64.SUCCESS;
        } catch (IllegalArgumentException e) {
            context.log("SET_CONFIG: offset=" + set.offset() + " size=" + set.bytes().length + ": " + e.getMessage());
            return Reply.U64.FAILURE;
        }
    }

    private void setConfig(Request.SetConfig set) {
        if (queues.anyRunning()) {
            throw new IllegalArgumentException("a queue runs");
        }
        device.setConfig(set.offset(), set.bytes());
        configChanged();
    }

    /** Nobody here tells of changes of the log, but it must be an eventfd all the same. */
    private Reply logFd(Frame frame) {
        EventFds.take(context.linux(), frame, 0, "SET_LOG_FD").close();
        return Reply.U64.SUCCESS;
    }

    private Reply backChannel(Frame frame) {
        Fd fd = frame.peek(0);
        if (!context.linux().sockets().isUnixSocket(fd)
                || context.linux().sockets().isListener(fd)) {
            throw new WireException("SET_BACKEND_REQ_FD: the descriptor is not a connected Unix socket");
        }
        long own = context.linux().files().stat(channel.socket()).inode();
        if (context.linux().files().stat(fd).inode() == own) {
            throw new WireException("SET_BACKEND_REQ_FD: the descriptor is this very connection");
        }
        closeBackChannel();
        backChannel = new Channel(context.linux(), frame.take(0));
        return Reply.U64.SUCCESS;
    }

    /** Tells the front-end that the configuration space has changed, if it wants to know. */
    void configChanged() {
        if (backChannel == null || !negotiated.has(ProtocolFeature.CONFIG)) {
            return;
        }
        ByteBuffer out = Channel.buffer();
        Codec.write(new BackendRequest.ConfigChange(), false, out);
        try {
            backChannel.send(out.flip(), System.nanoTime()); // a full channel is a front-end that does not listen
        } catch (Channel.EndOfStream e) {
            context.log("back-end channel: " + e.getMessage());
            closeBackChannel();
        }
    }

    private Reply reset() {
        queues.reset();
        device.reset();
        status = 0;
        return Reply.U64.SUCCESS;
    }

    private Reply status(int bits) {
        if (bits == 0) {
            return reset();
        }
        status = bits;
        return Reply.U64.SUCCESS;
    }

    private Reply deviceState(boolean load, Frame frame) {
        if (queues.anyRunning()) {
            context.log("SET_DEVICE_STATE_FD while a queue runs");
            return new Reply.U64(NO_DESCRIPTOR | 1);
        }
        try {
            transfer.begin(load, frame);
        } catch (IllegalArgumentException | BufferOverflowException e) {
            context.log("SET_DEVICE_STATE_FD: " + e);
            return new Reply.U64(NO_DESCRIPTOR | 1);
        }
        return new Reply.U64(NO_DESCRIPTOR);
    }

    private void closeBackChannel() {
        if (backChannel != null) {
            backChannel.close();
            backChannel = null;
        }
    }

    /** Stops and drains every queue, lets go of all that the front-end has handed in. */
    @Override
    public void close() {
        queues.close();
        transfer.close();
        closeBackChannel();
        channel.close();
        device.disconnected();
    }
}
