package ringfence.vmm.device.local;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.virtio.DeviceType;
import ringfence.virtio.queue.ChainCursor;

/**
 * The console device (virtio 1.3, 5.3): one port, with the terminal's size in its configuration space (F_SIZE).
 *
 * <p>Input waits in a buffer of {@value #INPUT} bytes until the guest has room for it; who reads the terminal stops
 * reading when it is full, so nothing typed is lost.
 */
public final class Console extends LocalDevice {
    private static final int RECEIVE = 0;
    private static final int TRANSMIT = 1;
    private static final int QUEUE_SIZE = 256;
    private static final int INPUT = 4096;
    private static final int CHUNK = 16 << 10;
    /** Bytes of one chain that are taken: descriptors can name one page a thousand times. */
    private static final int MOST = 1 << 20;

    private static final long F_SIZE = 1;
    private static final int CONFIG_SIZE = 4;

    private final ConsoleOutput output;
    private final MemorySegment chunk = Arena.ofAuto().allocate(CHUNK);
    private final MemorySegment input = Arena.ofAuto().allocate(INPUT);
    private int pending; // bytes of input, guarded by this
    private Runnable room = () -> {}; // guarded by this
    private volatile int size; // columns, then rows, 16 bits each

    /** A console whose output goes there; {@code columns} and {@code rows} may be 0 for unknown. */
    public Console(Linux linux, String id, MemoryTable memory, ConsoleOutput output, int columns, int rows) {
        super(linux, id, DeviceType.CONSOLE, 2, QUEUE_SIZE, memory);
        this.output = output;
        size = columns & 0xFFFF | rows << 16;
    }

    /** The terminal has another size now. */
    public void resize(int columns, int rows) {
        size = columns & 0xFFFF | rows << 16;
        listener().configChanged();
    }

    /** Names who is told that {@link #receive} can take more again. Once, before the first byte. */
    public synchronized void onRoom(Runnable action) {
        room = action;
    }

    /** Gives input to the guest. @return how many bytes were taken, perhaps 0 */
    public int receive(byte[] from, int offset, int length) {
        int taken;
        synchronized (this) {
            taken = Math.min(length, INPUT - pending);
            MemorySegment.copy(from, offset, input, ValueLayout.JAVA_BYTE, pending, taken);
            pending += taken;
        }
        if (taken > 0) {
            look(RECEIVE);
        }
        return taken;
    }

    @Override
    long deviceFeatures() {
        return F_SIZE;
    }

    @Override
    synchronized boolean canServe(int queue) {
        return queue != RECEIVE || pending > 0;
    }

    @Override
    int serve(int queue, ChainCursor chain) {
        return switch (queue) {
            case RECEIVE -> give(chain);
            case TRANSMIT -> {
                take(chain);
                yield 0;
            }
            default -> throw new AssertionError(queue);
        };
    }

    private int give(ChainCursor chain) {
        Runnable tell;
        int given;
        synchronized (this) {
            given = (int) chain.copyOut(0, input, 0, Math.min(pending, chain.writableBytes()));
            MemorySegment.copy(input, given, input, 0, pending - given);
            pending -= given;
            tell = room;
        }
        tell.run();
        return given;
    }

    /** The guest says how much it is; it is passed on in pieces of our size, and up to a bound. */
    private void take(ChainCursor chain) {
        long left = Math.min(chain.readableBytes(), MOST);
        long at = 0;
        while (left > 0) {
            long piece = chain.copyIn(at, chunk, 0, Math.min(left, CHUNK));
            output.write(chunk.asSlice(0, piece));
            at += piece;
            left -= piece;
        }
    }

    @Override
    public int configSize() {
        return CONFIG_SIZE;
    }

    /** {@code struct virtio_console_config { le16 cols; le16 rows; … }}. */
    @Override
    long configWord(int index) {
        return index == 0 ? Integer.toUnsignedLong(size) : 0;
    }
}
