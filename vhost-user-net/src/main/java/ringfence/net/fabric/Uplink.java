package ringfence.net.fabric;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.EnumSet;
import java.util.OptionalInt;
import java.util.Set;
import ringfence.linux.Epoll;
import ringfence.linux.Errno;
import ringfence.linux.EventFd;
import ringfence.linux.IoVec;
import ringfence.linux.Linux;
import ringfence.linux.TapOffload;
import ringfence.net.backend.TapPort;
import ringfence.net.backend.TapPorts;
import ringfence.net.engine.QueueCounters;
import ringfence.net.engine.TapSender;
import ringfence.net.packet.Drop;
import ringfence.vhostuser.link.Threads;
import ringfence.virtio.NetLayout;
import ringfence.virtio.queue.ChainCursor;

/**
 * The port with a tap. What comes from it is read and forwarded by a thread of its own; what goes to it is written by
 * whoever sends it, one writev a frame, straight from where it lies. Owns tap and thread.
 */
final class Uplink implements AutoCloseable {
    private static final ValueLayout.OfShort LE16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final Set<TapOffload> PLAIN =
            EnumSet.of(TapOffload.CSUM, TapOffload.TSO4, TapOffload.TSO6, TapOffload.TSO_ECN);
    /** Frames after which the receivers are woken, although more wait. */
    private static final int BATCH = 32;

    private final TapPorts taps;
    private final TapPort tap;
    private final QueueCounters counters;
    private final Epoll epoll;
    private final EventFd alarm;
    private volatile boolean stopping;
    private Thread thread;

    Uplink(Linux linux, TapPorts taps, QueueCounters counters) {
        this.taps = taps;
        this.counters = counters;
        tap = taps.port(0);
        tap.begin(NetLayout.HEADER, taps.uso() ? EnumSet.allOf(TapOffload.class) : PLAIN);
        alarm = linux.events().eventFd();
        epoll = linux.events().epoll(2);
        epoll.add(alarm.fd(), Epoll.IN, 0);
        epoll.add(tap.source(), Epoll.IN, 0);
    }

    OptionalInt mtu() {
        return taps.mtu();
    }

    boolean uso() {
        return taps.uso();
    }

    /** The switch is complete: frames may come. */
    void start(Switch owner) {
        Forwarder forwarder = new Forwarder(owner, owner.ports() - 1, 0, counters);
        thread = Thread.ofPlatform().name("uplink").daemon().start(() -> run(forwarder));
    }

    private void run(Forwarder forwarder) {
        IoVec vector = new IoVec(1);
        vector.add(forwarder.head(), 0, forwarder.head().byteSize());
        while (!stopping) {
            int frames = 0;
            while (frames < BATCH && one(forwarder, vector)) {
                frames++;
            }
            forwarder.flush();
            if (frames == 0) {
                epoll.await(-1);
            }
        }
    }

    private boolean one(Forwarder forwarder, IoVec vector) {
        long got = tap.tryReceive(vector);
        if (got < NetLayout.HEADER + Forwarder.ETHERNET) {
            return got == -Errno.EINTR.number();
        }
        forwarder.head().set(LE16, NetLayout.HEADER_NUM_BUFFERS, (short) 1);
        int frame = (int) got - NetLayout.HEADER;
        Drop drop = forwarder.forward((int) got, null, 0, frame);
        if (drop == null) {
            counters.passed(frame);
        } else {
            counters.dropped(drop);
        }
        return true;
    }

    /** A way to the tap for one thread. */
    Sender sender() {
        return new Sender(tap);
    }

    /** Sends frames to the tap; one owner thread. */
    static final class Sender {
        private final TapSender tap;

        Sender(TapPort port) {
            tap = new TapSender(port);
        }

        /** Sends one, or says why not; the parameters are those of {@link Forwarder#forward}. */
        Drop send(MemorySegment head, int present, ChainCursor chain, long rest, int frame) {
            IoVec vector = tap.vector();
            vector.clear();
            vector.add(head, 0, present);
            if (chain != null) {
                chain.fillReadable(vector, rest, NetLayout.HEADER + frame - (long) present);
            }
            return tap.send();
        }
    }

    @Override
    public void close() {
        stopping = true;
        alarm.signal();
        if (thread != null) {
            Threads.awaitEnd(thread);
        }
        epoll.close();
        alarm.close();
        tap.end();
        taps.close();
    }
}
