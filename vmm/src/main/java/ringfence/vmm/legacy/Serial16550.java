package ringfence.vmm.legacy;

import ringfence.vmm.bus.Access;
import ringfence.vmm.bus.BusDevice;
import ringfence.vmm.bus.Done;
import ringfence.vmm.bus.ReadValue;
import ringfence.vmm.bus.Rejected;

/**
 * A 16550A serial port (National Semiconductor PC16550D), complete enough for what drivers look at: divisor latch,
 * FIFOs, the four interrupt sources with their priorities, loopback with modem lines, scratch.
 *
 * <p>Output never waits: the transmitter is always empty, but while the backend is congested the interrupt that says so
 * is held back, which slows a guest that is driven by it and loses nothing. Input honours RTS as hardware flow control
 * does: it waits in a backlog until the driver raises RTS, so that what a user types before the driver is up is not
 * cleared with the FIFO.
 *
 * <p>Registers are touched by vCPU threads, input comes from any thread: one monitor, held for a few instructions.
 */
public final class Serial16550 implements BusDevice {
    /** First port of COM1. */
    public static final int COM1 = 0x3F8;
    /** Interrupt line of COM1. */
    public static final int COM1_IRQ = 4;
    /** Ports that it takes. */
    public static final int SIZE = 8;

    private static final int DATA = 0;
    private static final int IER = 1;
    private static final int IIR_FCR = 2;
    private static final int LCR = 3;
    private static final int MCR = 4;
    private static final int LSR = 5;
    private static final int MSR = 6;
    private static final int SCR = 7;

    private static final int IER_RDI = 1;
    private static final int IER_THRI = 2;
    private static final int IER_RLSI = 4;
    private static final int IER_MASK = 0xF;
    private static final int IIR_NONE = 1;
    private static final int IIR_THRI = 2;
    private static final int IIR_RDI = 4;
    private static final int IIR_RLSI = 6;
    private static final int IIR_TIMEOUT = 0xC;
    private static final int IIR_FIFOS = 0xC0;
    private static final int FCR_ENABLE = 1;
    private static final int FCR_CLEAR_RECEIVER = 2;
    private static final int LCR_DLAB = 0x80;
    private static final int MCR_RTS = 2;
    private static final int MCR_OUT2 = 8;
    private static final int MCR_LOOP = 0x10;
    private static final int MCR_MASK = 0x1F;
    private static final int LSR_DATA = 1;
    private static final int LSR_OVERRUN = 2;
    private static final int LSR_TRANSMITTER_EMPTY = 0x60; // THRE and TEMT
    private static final int MSR_CONNECTED = 0xB0; // CTS, DSR, DCD: somebody listens
    private static final int[] TRIGGER = {1, 4, 8, 14};
    private static final int DIVISOR_9600 = 12;

    private final IrqLine irq;
    private final SerialBackend backend;
    private final PolledOutput polled;
    private final ReceiveQueue input = new ReceiveQueue();
    private final ReceiveQueue loop = new ReceiveQueue();
    private Runnable onRoom = () -> {};
    private int ier;
    private int fcr;
    private int lcr = 3;
    private int mcr = MCR_OUT2;
    private int scr;
    private int divisor = DIVISOR_9600;
    private boolean overrun;
    private boolean emptied; // the interrupt "transmitter empty" is pending
    private boolean heldBack; // it would be, if the backend were not congested
    private boolean line;

    /** A port whose output goes to {@code backend}, where it is not kept in {@code writes} for a while. */
    public Serial16550(IrqLine irq, SerialBackend backend, KeptWrites writes) {
        this.irq = irq;
        this.backend = backend;
        polled = new PolledOutput(writes, this::data);
        backend.attach(new Output());
    }

    /** The guest runs no more: takes what is still kept, and keeps nothing from now on. */
    public synchronized void stop() {
        polled.stop();
    }

    /** Names who is told, by a vCPU thread, that there may be room for input again; it must not block. */
    public synchronized void onRoom(Runnable action) {
        onRoom = action;
    }

    /**
     * Input, from any thread. Never blocks.
     *
     * @return how many bytes had room; offer the rest again later, see {@link #onRoom}
     */
    public synchronized int receive(byte[] from, int offset, int length) {
        int taken = input.offer(from, offset, length);
        fillFifo();
        update();
        return taken;
    }

    @Override
    public Access read(long offset, int width, ReadValue into) {
        return width == 1 ? into.done(register((int) offset)) : into.rejected(width);
    }

    @Override
    public synchronized Access write(long offset, int width, long written) {
        if (width != 1) {
            return Rejected.REJECTED;
        }
        int value = (int) written;
        polled.collect(); // what was written before, and so while the registers were as they are
        switch ((int) offset) {
            case DATA -> {
                data(value);
                if ((ier & IER_THRI) == 0) {
                    polled.written();
                }
            }
            case IER -> enable(value);
            case IIR_FCR -> fifoControl(value);
            case LCR -> lcr = value;
            case MCR -> modemControl(value & MCR_MASK);
            case SCR -> scr = value;
            default -> {
                // LSR and MSR are read-only
            }
        }
        update();
        return Done.DONE;
    }

    private synchronized int register(int offset) {
        polled.collect();
        int value = switch (offset) {
            case DATA -> latched() ? divisor & 0xFF : take();
            case IER -> latched() ? divisor >> 8 : ier;
            case IIR_FCR -> identify();
            case LCR -> lcr;
            case MCR -> mcr;
            case LSR -> lineStatus();
            case MSR -> modemStatus();
            default -> scr;
        };
        update();
        return value;
    }

    private boolean latched() {
        return (lcr & LCR_DLAB) != 0;
    }

    private boolean looped() {
        return (mcr & MCR_LOOP) != 0;
    }

    private ReceiveQueue receiver() {
        return looped() ? loop : input;
    }

    private void data(int value) {
        if (latched()) {
            divisor = divisor & 0xFF00 | value;
        } else if (looped()) {
            if (loop.available() == ReceiveQueue.FIFO) {
                overrun = true;
            } else {
                loop.put(value);
                loop.refill();
            }
            emptied = true;
        } else {
            backend.transmit(value);
            transmitterEmpty();
        }
    }

    private void enable(int value) {
        if (latched()) {
            divisor = divisor & 0xFF | value << 8;
            return;
        }
        boolean newly = (value & ~ier & IER_THRI) != 0;
        ier = value & IER_MASK;
        if (newly) {
            polled.stop(); // it waits for an interrupt for each byte
            transmitterEmpty(); // the transmitter is empty, and who enables the interrupt is told so
        }
    }

    private void transmitterEmpty() {
        heldBack = backend.isCongested();
        emptied = !heldBack;
    }

    private void fifoControl(int value) {
        boolean toggled = ((value ^ fcr) & FCR_ENABLE) != 0;
        if (toggled || (value & FCR_CLEAR_RECEIVER) != 0) {
            receiver().clearFifo();
            fillFifo();
        }
        fcr = value;
    }

    private void modemControl(int value) {
        mcr = value;
        if (looped()) {
            polled.stop(); // what is written is received at once
        } else {
            loop.clearFifo();
            fillFifo();
        }
    }

    private void fillFifo() {
        if ((mcr & MCR_RTS) != 0 && !looped()) {
            input.refill();
        }
    }

    private int take() {
        ReceiveQueue from = receiver();
        if (from.available() == 0) {
            return 0;
        }
        int value = from.take();
        if (from.available() == 0) {
            fillFifo();
            onRoom.run();
        }
        return value;
    }

    /** The interrupt of the highest priority (PC16550D, table 4); reading it clears "transmitter empty". */
    private int identify() {
        int id = pending();
        if (id == IIR_THRI) {
            emptied = false;
        }
        return id | ((fcr & FCR_ENABLE) != 0 ? IIR_FIFOS : 0);
    }

    private int pending() {
        if ((ier & IER_RLSI) != 0 && overrun) {
            return IIR_RLSI;
        }
        int available = receiver().available();
        if ((ier & IER_RDI) != 0 && available > 0) {
            boolean full = (fcr & FCR_ENABLE) == 0 || available >= TRIGGER[fcr >> 6 & 3];
            // below the trigger level a real port waits for four characters' time first; here no time passes
            return full ? IIR_RDI : IIR_TIMEOUT;
        }
        return (ier & IER_THRI) != 0 && emptied ? IIR_THRI : IIR_NONE;
    }

    private int lineStatus() {
        int status = LSR_TRANSMITTER_EMPTY | (receiver().available() > 0 ? LSR_DATA : 0) | (overrun ? LSR_OVERRUN : 0);
        overrun = false;
        return status;
    }

    /** In loopback the outputs drive the inputs: DTR to DSR, RTS to CTS, OUT1 to RI, OUT2 to DCD. */
    private int modemStatus() {
        if (!looped()) {
            return MSR_CONNECTED;
        }
        return (mcr & 1) << 5 | (mcr & 2) << 3 | (mcr & 0xC) << 4;
    }

    /** Sets the line to what the registers say; OUT2 connects it on a PC, and loopback cuts it off. */
    private void update() {
        boolean high = pending() != IIR_NONE && (mcr & (MCR_OUT2 | MCR_LOOP)) == MCR_OUT2;
        if (high != line) {
            line = high;
            irq.set(high);
        }
    }

    /** What the backend may call. */
    private final class Output implements SerialBackend.Port {
        @Override
        public void relieved() {
            synchronized (Serial16550.this) {
                if (heldBack) {
                    heldBack = false;
                    emptied = true;
                    update();
                }
            }
        }

        @Override
        public boolean collect() {
            synchronized (Serial16550.this) {
                return polled.collect();
            }
        }

        @Override
        public void quiet() {
            stop();
        }
    }
}
