package ringfence.vmm.pci;

import ringfence.vmm.bus.BusDevice;

/**
 * The 4096 bytes of a function's configuration space: a value and a mask of writable bits per byte, and overlays for the
 * registers that do more than keep a value. Type 0 header (PCI Local Bus 3.0, 6.1), capabilities from 0x40 on.
 *
 * <p>Set up by one thread, then used by any: each access takes the monitor for a few instructions.
 */
public final class ConfigSpace {
    /** Bytes of it. */
    public static final int SIZE = 4096;
    /** Offset of the command register. */
    public static final int COMMAND = 0x04;
    /** In the command register: the function decodes memory accesses. */
    public static final int COMMAND_MEMORY = 2;
    /** Offset of the first base address register. */
    public static final int BAR0 = 0x10;

    private static final int STATUS = 0x06;
    private static final int STATUS_CAPABILITIES = 0x10;
    private static final int REVISION_AND_CLASS = 0x08;
    private static final int SUBSYSTEM = 0x2C;
    private static final int CAPABILITIES = 0x34;
    private static final int INTERRUPT_LINE = 0x3C;
    private static final int FIRST_CAPABILITY = 0x40;
    private static final int END_OF_CAPABILITIES = 0x100;
    private static final int COMMAND_WRITABLE = 0x546; // memory, bus master, parity, SERR, INTx off

    private final byte[] values = new byte[SIZE];
    private final byte[] writable = new byte[SIZE];
    private final BusDevice[] overlays = new BusDevice[END_OF_CAPABILITIES / 4];
    private int nextCapability = FIRST_CAPABILITY;
    private int lastLink = CAPABILITIES;

    /** The header of a function of this identity, without BARs or capabilities. */
    public ConfigSpace(PciIdentity identity) {
        set(0, 2, identity.vendor());
        set(2, 2, identity.device());
        set(REVISION_AND_CLASS, 4, (long) identity.classCode() << 8 | identity.revision());
        set(SUBSYSTEM, 2, identity.subsystemVendor());
        set(SUBSYSTEM + 2, 2, identity.subsystem());
        allowWrites(COMMAND, 2, COMMAND_WRITABLE);
        allowWrites(INTERRUPT_LINE, 1, 0xFF);
    }

    /**
     * Appends a capability to the list.
     *
     * @param id capability id
     * @param body what follows id and link
     * @return its offset, a multiple of 4
     * @throws IllegalStateException if the 192 bytes for capabilities are used up
     */
    public synchronized int addCapability(int id, byte... body) {
        int at = nextCapability;
        int end = at + 2 + body.length;
        if (end > END_OF_CAPABILITIES) {
            throw new IllegalStateException("no room for capability id=" + id + " bytes=" + (2 + body.length));
        }
        set(at, 1, id);
        for (int i = 0; i < body.length; i++) {
            set(at + 2 + i, 1, body[i]);
        }
        set(lastLink, 1, at);
        lastLink = at + 1;
        nextCapability = (end + 3) / 4 * 4;
        set(STATUS, 2, STATUS_CAPABILITIES);
        return at;
    }

    /** Lets the guest write the bits of {@code mask}. */
    public synchronized void allowWrites(int offset, int width, long mask) {
        for (int i = 0; i < width; i++) {
            writable[offset + i] = (byte) (mask >>> 8 * i);
        }
    }

    /**
     * Sends the guest's accesses to the four bytes at {@code offset}, a multiple of 4 below 256, to a handler instead. Its
     * offsets are 0 to 3; it may use {@link #get} and {@link #write} for what is plain.
     */
    public void overlay(int offset, BusDevice handler) {
        overlays[offset / 4] = handler;
    }

    /** The handler of the register that holds this byte; null if it is plain. */
    BusDevice overlay(int offset) {
        return offset < END_OF_CAPABILITIES ? overlays[offset / 4] : null;
    }

    /** Reads 1, 2, 4 or 8 bytes, past any overlay. The caller has checked the range. */
    public synchronized long get(int offset, int width) {
        long value = 0;
        for (int i = width - 1; i >= 0; i--) {
            value = value << 8 | values[offset + i] & 0xFF;
        }
        return value;
    }

    /** Writes as the device itself, whatever the mask. */
    public synchronized void set(int offset, int width, long value) {
        for (int i = 0; i < width; i++) {
            values[offset + i] = (byte) (value >>> 8 * i);
        }
    }

    /** Clears every bit that the guest may write. */
    synchronized void reset() {
        for (int i = 0; i < SIZE; i++) {
            values[i] &= (byte) ~writable[i];
        }
    }

    /** Writes as the guest, past any overlay: only the writable bits change. */
    public synchronized void write(int offset, int width, long value) {
        for (int i = 0; i < width; i++) {
            int mask = writable[offset + i];
            values[offset + i] = (byte) (values[offset + i] & ~mask | (int) (value >>> 8 * i) & mask);
        }
    }
}
