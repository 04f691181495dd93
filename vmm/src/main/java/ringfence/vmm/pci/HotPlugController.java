package ringfence.vmm.pci;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.RejectedExecutionException;
import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.bus.Deferred;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/**
 * The registers through which a guest's ACPI code learns of slots that were filled and gives slots back: four double words,
 * Cloud Hypervisor's.
 *
 * <pre>
 *   0  PCIU  read   slots that were filled since it was read, a bit each
 *   4  PCID  read   slots that the guest is asked to give back, since it was read
 *   8  B0EJ  write  slots to eject
 *  12  PSEG  both   the segment that the others speak of
 * </pre>
 *
 * A slot is ejected if its device was asked back and the guest has not ejected it yet; all else that is written to B0EJ has
 * no effect, so a guest cannot make more work than there are requests, nor lose what its host wants it to have. The write
 * is deferred until the slot is empty. A segment that there is not reads as one where nothing happens.
 *
 * <p>Told by the owner of the machine, read and written by vCPU threads; guarded by its monitor for a few instructions.
 */
public final class HotPlugController implements BusDevice {
    /** Bytes of its registers. */
    public static final int SIZE = 16;

    private static final int FILLED = 0;
    private static final int TO_EMPTY = 4;
    private static final int EJECT = 8;
    private static final int SEGMENT = 12;

    private final EjectListener listener;
    private final Deadlines deadlines;
    private final int[] filled;
    private final int[] toEmpty;
    private final int[] asked; // and not ejected yet
    private int segment;

    /**
     * A controller where nothing has happened.
     *
     * @param segments how many there are, 1 or more
     * @param deadlines how long the guest's write may wait for the listener
     */
    public HotPlugController(int segments, EjectListener listener, Deadlines deadlines) {
        this.listener = listener;
        this.deadlines = deadlines;
        filled = new int[segments];
        toEmpty = new int[segments];
        asked = new int[segments];
    }

    /** A slot, 0 to 31, was filled. */
    public synchronized void filled(int inSegment, int slot) {
        filled[inSegment] |= 1 << slot;
        toEmpty[inSegment] &= ~(1 << slot);
        asked[inSegment] &= ~(1 << slot);
    }

    /** The guest shall give a slot back, 0 to 31. Again, if it has been told already. */
    public synchronized void askFor(int inSegment, int slot) {
        toEmpty[inSegment] |= 1 << slot;
        asked[inSegment] |= 1 << slot;
    }

    /** As after power-on: the next guest finds by itself what there is. */
    public synchronized void reset() {
        segment = 0;
        for (int i = 0; i < filled.length; i++) {
            filled[i] = 0;
            toEmpty[i] = 0;
            asked[i] = 0;
        }
    }

    @Override
    public synchronized Access read(long offset, int width, ReadValue into) {
        if (!isRegister(offset, width)) {
            return into.rejected(width);
        }
        return into.done(
                switch ((int) offset) {
                    case FILLED -> take(filled);
                    case TO_EMPTY -> take(toEmpty);
                    case SEGMENT -> segment & 0xFFFF_FFFFL;
                    default -> 0;
                });
    }

    private long take(int[] of) {
        if (!isThere()) {
            return 0;
        }
        int taken = of[segment];
        of[segment] = 0;
        return taken & 0xFFFF_FFFFL;
    }

    @Override
    public synchronized Access write(long offset, int width, long value) {
        if (!isRegister(offset, width)) {
            return Rejected.REJECTED;
        }
        if (offset == SEGMENT) {
            segment = (int) value;
        }
        return offset == EJECT && isThere() ? eject((int) value & asked[segment]) : Done.DONE;
    }

    private Access eject(int slots) {
        if (slots == 0) {
            return Done.DONE;
        }
        CompletionStage<Long> emptied;
        try {
            emptied = listener.eject(segment, slots);
        } catch (RejectedExecutionException e) {
            return Done.DONE; // the guest may eject it again
        }
        asked[segment] &= ~slots;
        toEmpty[segment] &= ~slots;
        filled[segment] &= ~slots;
        return new Deferred(emptied, deadlines.nanos(), 0, () -> {});
    }

    private boolean isThere() {
        return segment >= 0 && segment < filled.length;
    }

    private static boolean isRegister(long offset, int width) {
        return width == 4 && (offset & 3) == 0;
    }
}
