package ringfence.vmm.transport;

import java.util.ArrayList;
import java.util.List;
import ringfence.linux.EventFd;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/**
 * MSI-X of one function (PCI Local Bus 3.0, 6.8.2): table, pending bits and function control, and the eventfds that raise
 * the vectors.
 *
 * <p>A vector is <em>live</em> while MSI-X is enabled, neither the function nor the vector is masked, and its message is
 * one. Then the events of its sources are assigned to its GSI, and an interrupt goes from the daemon to the guest without
 * us. To mask is to take the assignment back and then to drain the event: what is found there is kept as pending. To
 * unmask is to drain again, to assign, and to inject one message if anything was pending. A signal that comes between the
 * drain and the assignment is raised by the assignment. So none is lost, at whatever moment it comes; one too many may be
 * delivered. The event of a source never changes, so a daemon that signals it needs not know.
 *
 * <p>All changes of one guest access are one change set: routes are said first, committed once if any has changed, and then
 * the events are assigned. Guarded by the object's monitor; the calls to the router are short.
 */
final class Msix {
    /** What a source without a vector has (virtio 1.3, 4.1.5.1.2). */
    static final int NO_VECTOR = 0xFFFF;

    private static final int ENTRY_SHIFT = 4;

    private final MsiRouter router;
    private final Vector[] vectors;
    private final List<InterruptSource> sources = new ArrayList<>();
    private boolean enabled;
    private boolean functionMasked;

    /** A disabled table of this many vectors, 1 to 2048, all masked. */
    Msix(int count, MsiRouter router) {
        this.router = router;
        vectors = new Vector[count];
        for (int i = 0; i < count; i++) {
            vectors[i] = new Vector();
        }
    }

    int vectors() {
        return vectors.length;
    }

    /** A new source with this event, which stays the caller's; mapped to no vector. */
    synchronized InterruptSource source(EventFd event) {
        InterruptSource source = new InterruptSource(event);
        sources.add(source);
        return source;
    }

    /**
     * Maps a source to a vector; what it signalled before is forgotten if it had none.
     *
     * @return the vector, or {@link #NO_VECTOR} if there is no such
     */
    synchronized int map(InterruptSource source, int vector) {
        int to = vector < vectors.length ? vector : NO_VECTOR;
        if (to == source.vector) {
            return to;
        }
        silence(source);
        if (source.vector == NO_VECTOR || to == NO_VECTOR) {
            source.event.drain();
            source.pending = false;
        }
        source.vector = to;
        if (to != NO_VECTOR && vectors[to].live) {
            connect(to);
        }
        return to;
    }

    /** The function control word has changed. */
    synchronized void control(boolean nowEnabled, boolean nowMasked) {
        enabled = nowEnabled;
        functionMasked = nowMasked;
        settle(0, vectors.length);
    }

    /** As after power-on; sources stay and have no vector. */
    synchronized void reset() {
        for (InterruptSource source : sources) {
            map(source, NO_VECTOR);
        }
        control(false, false);
        for (Vector vector : vectors) {
            vector.reset();
        }
    }

    /** Takes everything back from the router. */
    synchronized void close() {
        reset();
        for (Vector vector : vectors) {
            vector.free(router);
        }
    }

    /** Brings a range of vectors into the state that the registers ask for. */
    private void settle(int from, int to) {
        boolean routesChanged = false;
        for (int i = from; i < to; i++) {
            Vector vector = vectors[i];
            if (vector.live && !isWanted(vector)) {
                disconnect(i);
            } else if (isWanted(vector)) {
                routesChanged |= vector.route(router);
            }
        }
        if (routesChanged) {
            router.commit();
        }
        for (int i = from; i < to; i++) {
            if (isWanted(vectors[i]) && vectors[i].isRouted() && !vectors[i].live) {
                connect(i);
            }
        }
    }

    private boolean isWanted(Vector vector) {
        return enabled && !functionMasked && vector.isDeliverable();
    }

    private void disconnect(int number) {
        vectors[number].live = false;
        for (InterruptSource source : sources) {
            if (source.vector == number) {
                silence(source);
            }
        }
    }

    /** Unmask: see the class. The vector's route is in force. */
    private void connect(int number) {
        Vector vector = vectors[number];
        vector.live = true;
        boolean pending = false;
        for (InterruptSource source : sources) {
            if (source.vector == number && !source.assigned) {
                source.gather();
                router.assign(source.event, vector.gsi());
                source.assigned = true;
                pending |= source.pending;
                source.pending = false;
            }
        }
        if (pending) {
            router.inject(vector.address(), vector.data());
        }
    }

    /** Mask: see the class. */
    private void silence(InterruptSource source) {
        if (source.assigned) {
            router.deassign(source.event, vectors[source.vector].gsi());
            source.assigned = false;
            source.gather();
        }
    }

    /** The table as the guest sees it: aligned double and quad words. */
    BusDevice table() {
        return new BusDevice() {
            @Override
            public Access read(long offset, int width, ReadValue into) {
                return isWords(offset, width) ? into.done(readTable(offset, width)) : into.rejected(width);
            }

            @Override
            public Access write(long offset, int width, long value) {
                if (!isWords(offset, width)) {
                    return Rejected.REJECTED;
                }
                writeTable(offset, width, value);
                return Done.DONE;
            }
        };
    }

    /** The pending bits as the guest sees them; it cannot write them. */
    BusDevice pendingBits() {
        return new BusDevice() {
            @Override
            public Access read(long offset, int width, ReadValue into) {
                return isWords(offset, width) ? into.done(readPending(offset, width)) : into.rejected(width);
            }

            @Override
            public Access write(long offset, int width, long value) {
                return Rejected.REJECTED;
            }
        };
    }

    private static boolean isWords(long offset, int width) {
        return (width == 4 || width == 8) && (offset & width - 1) == 0;
    }

    private synchronized long readTable(long offset, int width) {
        int number = (int) (offset >> ENTRY_SHIFT);
        if (number >= vectors.length) {
            return 0;
        }
        int word = (int) offset >> 2 & 3;
        long low = vectors[number].word(word) & 0xFFFF_FFFFL;
        return width == 4 ? low : (long) vectors[number].word(word + 1) << 32 | low;
    }

    private synchronized void writeTable(long offset, int width, long value) {
        int number = (int) (offset >> ENTRY_SHIFT);
        if (number >= vectors.length) {
            return;
        }
        int word = (int) offset >> 2 & 3;
        vectors[number].word(word, (int) value);
        if (width == 8) {
            vectors[number].word(word + 1, (int) (value >>> 32));
        }
        settle(number, number + 1);
    }

    /** A bit is set if a source of the vector has signalled and could not raise it. */
    private synchronized long readPending(long offset, int width) {
        long first = offset * 8;
        long bits = 0;
        for (InterruptSource source : sources) {
            long bit = source.vector - first;
            if (source.vector != NO_VECTOR && !source.assigned && bit >= 0 && bit < 8L * width) {
                source.gather();
                bits |= source.pending ? 1L << bit : 0;
            }
        }
        return bits;
    }
}
