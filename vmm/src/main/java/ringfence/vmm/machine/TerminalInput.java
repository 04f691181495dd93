package ringfence.vmm.machine;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * Reads standard input and gives it to whoever is the sink now, on a thread of its own: to one machine after the other, as
 * long as the VMM runs, for a read that waits cannot be taken back. While the sink is full, or there is none, nothing more
 * is read, so nothing typed is lost.
 */
final class TerminalInput {
    private static final int CHUNK = 1024;
    private static final long LOOK_AGAIN = TimeUnit.MILLISECONDS.toNanos(50);

    private final Linux linux;
    private final Fd input;
    private final Thread thread;
    private volatile InputSink sink = InputSink.NOBODY;

    TerminalInput(Linux linux, Fd input) {
        this.linux = linux;
        this.input = input;
        thread = Thread.ofPlatform().name("stdin").daemon().unstarted(this::run);
    }

    /** From now on this one takes the input. The first call starts the reading. */
    synchronized void to(InputSink next) {
        sink = next;
        if (thread.getState() == Thread.State.NEW) {
            thread.start();
        }
        room();
    }

    /** The machine whose sink it was ends: what is typed waits for the next one. */
    void toNobody() {
        sink = InputSink.NOBODY;
    }

    /** The sink can take more again. Any thread. */
    void room() {
        LockSupport.unpark(thread);
    }

    private void run() {
        MemorySegment chunk = Arena.ofAuto().allocate(CHUNK);
        byte[] bytes = new byte[CHUNK];
        long got;
        while ((got = linux.files().tryRead(input, chunk)) > 0) {
            MemorySegment.copy(chunk, ValueLayout.JAVA_BYTE, 0, bytes, 0, (int) got);
            int at = 0;
            while (at < got) {
                int taken = sink.receive(bytes, at, (int) got - at);
                at += taken;
                if (taken == 0) {
                    LockSupport.parkNanos(
                            this, LOOK_AGAIN); // the sink may have changed at a reboot, and told the old one
                }
            }
        }
    }
}
