package ringfence.vmm.device.remote;

import java.util.List;
import java.util.function.Consumer;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.FrontendOptions;
import ringfence.vhostuser.link.InflightShare;
import ringfence.vhostuser.link.Offer;
import ringfence.vhostuser.link.PeerException;
import ringfence.vhostuser.link.PeerException.Disposition;
import ringfence.virtio.Feature;

/**
 * One connection to one back-end, from the handshake to its end: what this back-end has been told. The link thread only.
 * Every method throws {@link PeerException}.
 */
final class Connection implements AutoCloseable {
    private final Frontend frontend;
    private final PeerProcess peer;
    private final Offer offer;
    private final Profile profile;
    private byte[] config;
    private boolean memoryKnown;
    private boolean inflightKnown;

    private Connection(Frontend frontend, PeerProcess peer, Offer offer, Profile profile) {
        this.frontend = frontend;
        this.peer = peer;
        this.offer = offer;
        this.profile = profile;
    }

    /**
     * Shakes hands and reads the configuration.
     *
     * @param exposed told the socket before the first call on it, and null before it is closed here
     * @param before the process of the back-end before; null: there was none. It must be dead, or be the same
     */
    static Connection open(
            Linux linux, SocketSource source, Consumer<Fd> exposed, Profile profile, int queues, PeerProcess before) {
        Frontend frontend = Frontend.over(linux, source.connect(), FrontendOptions.defaults());
        PeerProcess peer = null;
        try {
            exposed.accept(frontend.socket());
            peer = PeerProcess.of(linux, frontend.socket());
            if (before != null && before.pid() != peer.pid() && !before.isDead()) {
                throw new PeerException(
                        "process " + peer.pid() + " would serve it, but process " + before.pid() + " still lives",
                        Disposition.RETRY);
            }
            Offer offer = frontend.hello(profile.protocolFeatures());
            Connection connection = new Connection(frontend, peer, offer, profile);
            connection.check(queues);
            connection.readConfig();
            connection.tellMtu();
            return connection;
        } catch (RuntimeException e) {
            exposed.accept(null);
            frontend.close();
            if (peer != null) {
                peer.close();
            }
            throw e;
        }
    }

    private void check(int queues) {
        if (!Feature.has(offer.features(), Feature.VERSION_1)) {
            throw new PeerException("the back-end is not of virtio 1", Disposition.FATAL);
        }
        int has = offer.queues() == 0 ? 1 : offer.queues();
        int wanted = queues / profile.queuesPerUnit();
        if (has < wanted) {
            String what = profile.queuesPerUnit() == 1 ? "queues=" : "pairs of queues=";
            throw new PeerException("the back-end has " + what + has + " wanted=" + wanted, Disposition.FATAL);
        }
        if (profile.configSize() > 0 && !profile.atMost() && !offer.has(ProtocolFeature.CONFIG)) {
            throw new PeerException("the back-end does not offer CONFIG", Disposition.FATAL);
        }
    }

    private void tellMtu() {
        if (offer.has(ProtocolFeature.MTU)) {
            frontend.mtu(profile.mtu());
        }
    }

    /** Reads the configuration space anew. */
    byte[] readConfig() {
        if (config == null) {
            config = firstConfig();
        } else if (config.length > 0) {
            config = frontend.config(0, config.length);
        }
        return config;
    }

    private byte[] firstConfig() {
        if (profile.configSize() == 0 || !hasConfig()) {
            return new byte[0];
        }
        return profile.atMost() ? frontend.configUpTo(profile.configSize()) : frontend.config(0, profile.configSize());
    }

    /** Whether the back-end knows of a configuration space at all. */
    boolean hasConfig() {
        return offer.has(ProtocolFeature.CONFIG);
    }

    byte[] config() {
        return config;
    }

    /** What the guest is offered. */
    long features() {
        return offer.features() & profile.features() | profile.own();
    }

    boolean tracksInflight() {
        return offer.has(ProtocolFeature.INFLIGHT_SHMFD);
    }

    PeerProcess peer() {
        return peer;
    }

    Frontend frontend() {
        return frontend;
    }

    /**
     * Tells it what its queues stand on: features, memory, inflight region. Before the first queue, and again after a
     * reset.
     *
     * @param features those that the guest has taken; of those that are served here the back-end hears nothing
     * @param share the region of the back-end before; null: a new one, if this back-end tracks at all
     * @return the region; null if it does not
     */
    InflightShare prepare(long features, MemoryTable memory, InflightShare share, int queues, int queueSize) {
        frontend.features(features & profile.features() & offer.features());
        if (!memoryKnown) {
            frontend.memory(memory);
            memoryKnown = true;
        }
        if (!tracksInflight()) {
            return share;
        }
        if (share != null && inflightKnown) {
            return share;
        }
        InflightShare to = share == null ? frontend.newInflight(queues, queueSize) : share;
        try {
            frontend.inflight(to);
        } catch (PeerException e) {
            if (share == null) {
                to.close();
            }
            throw e;
        }
        inflightKnown = true;
        return to;
    }

    /** Forgets which region it has: the next {@link #prepare} hands over another. */
    void forgetInflight() {
        inflightKnown = false;
    }

    /** Stops these queues, drained, and resets the device. */
    void reset(List<RemoteQueue> queues) {
        for (RemoteQueue queue : queues) {
            frontend.stopQueue(queue.index);
        }
        frontend.reset(); // where it knows no reset, stopped queues are all that there is
    }

    @Override
    public void close() {
        frontend.close();
    }
}
