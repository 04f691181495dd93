package ringfence.vmm.transport;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import ringfence.linux.Epoll;
import ringfence.linux.EventFd;
import ringfence.linux.Events;

/**
 * What KVM does with irqfds, over real eventfds and without a VM: a thread waits for the events that are assigned, takes
 * their count, and delivers the message of their GSI. As in KVM a signal that is there when an event is assigned is
 * delivered, and after a deassignment signals stay in the event. Routes take effect at commit.
 */
final class FakeRouter implements MsiRouter, AutoCloseable {
    /** What the guest's interrupt controllers would see. */
    interface Guest {
        void interrupt(long address, int data);
    }

    record Message(long address, int data) {}

    private static final long STOP = -1;

    private final Guest guest;
    private final Epoll epoll;
    private final EventFd stop;
    private final Thread thread;
    private final BitSet taken = new BitSet();
    private final Map<Integer, Message> said = new HashMap<>();
    private Map<Integer, Message> routes = Map.of();
    private final List<EventFd> events = new ArrayList<>();
    private final Map<EventFd, Integer> assigned = new HashMap<>();
    private int commits;
    private final int limit;

    FakeRouter(Events events, int limit, Guest guest) {
        this.guest = guest;
        this.limit = limit;
        epoll = events.epoll(64);
        stop = events.eventFd();
        epoll.add(stop.fd(), Epoll.IN, STOP);
        thread = Thread.ofPlatform().name("irqfd").start(this::run);
    }

    private void run() {
        while (true) {
            int ready = epoll.await(-1);
            for (int i = 0; i < ready; i++) {
                long token = epoll.token(i);
                if (token == STOP) {
                    return;
                }
                deliver((int) token);
            }
        }
    }

    private synchronized void deliver(int index) {
        EventFd event = events.get(index);
        Integer gsi = assigned.get(event);
        if (gsi != null && event.drain() > 0) {
            Message message = routes.get(gsi);
            guest.interrupt(message.address(), message.data());
        }
    }

    @Override
    public synchronized int allocate() {
        int gsi = taken.nextClearBit(0);
        if (gsi >= limit) {
            return -1;
        }
        taken.set(gsi);
        return gsi;
    }

    @Override
    public synchronized void free(int gsi) {
        taken.clear(gsi);
    }

    @Override
    public synchronized void route(int gsi, long address, int data) {
        said.put(gsi, new Message(address, data));
    }

    @Override
    public synchronized void commit() {
        commits++;
        routes = Map.copyOf(said);
    }

    @Override
    public synchronized void assign(EventFd event, int gsi) {
        if (!routes.containsKey(gsi) || assigned.containsKey(event)) {
            throw new IllegalStateException("KVM would say EINVAL or EBUSY: gsi=" + gsi);
        }
        assigned.put(event, gsi);
        int index = events.indexOf(event);
        if (index < 0) {
            index = events.size();
            events.add(event);
        }
        epoll.add(event.fd(), Epoll.IN, index);
    }

    @Override
    public synchronized void deassign(EventFd event, int gsi) {
        if (!assigned.remove(event, gsi)) {
            throw new IllegalStateException("not assigned: gsi=" + gsi);
        }
        epoll.remove(event.fd());
    }

    @Override
    public synchronized void inject(long address, int data) {
        guest.interrupt(address, data);
    }

    synchronized int commits() {
        return commits;
    }

    synchronized int assignments() {
        return assigned.size();
    }

    synchronized int gsis() {
        return taken.cardinality();
    }

    @Override
    public void close() {
        stop.signal();
        try {
            thread.join();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        epoll.close();
        stop.close();
    }
}
