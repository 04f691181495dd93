package ringfence.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class KickSignalTest {
    private final Linux linux = Linux.system();

    /** ppoll(2) takes a mask for its own duration, as KVM_RUN does. */
    @Test
    void interruptsACallThatUnblocksItAndNothingElse() throws Exception {
        CompletableFuture<KickSignal> ready = new CompletableFuture<>();
        CompletableFuture<Long> interrupted = new CompletableFuture<>();
        CompletableFuture<Integer> drained = new CompletableFuture<>();
        Thread kicked = new Thread(() -> {
            KickSignal signal = linux.processes().kickSignal(KickSignal.DEFAULT);
            ready.complete(signal);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment mask = arena.allocateFrom(ValueLayout.JAVA_LONG, signal.maskInsideCall());
                // waits for nothing, with the mask inside: only the signal can end it, and it has no handler that
                // returns, so look at what is pending instead of letting it be delivered
                MemorySegment before = arena.allocateFrom(ValueLayout.JAVA_LONG, 0L);
                long pending;
                do {
                    linux.kernel().call(Syscall.RT_SIGPENDING, before.address(), 8, 0, 0, 0, 0);
                    pending = before.get(ValueLayout.JAVA_LONG, 0);
                } while (pending == 0);
                interrupted.complete(pending & ~mask.get(ValueLayout.JAVA_LONG, 0));
                drained.complete(signal.drain());
            }
        });
        kicked.start();
        KickSignal signal = ready.get(10, TimeUnit.SECONDS);
        assertThat(signal.maskInsideCall() & 1L << signal.signal() - 1).isZero();
        signal.send();
        assertThat(interrupted.get(10, TimeUnit.SECONDS)).isEqualTo(1L << signal.signal() - 1);
        assertThat(drained.get(10, TimeUnit.SECONDS)).isEqualTo(1);
        kicked.join();
        // Java's thread has ended, the kernel's ends a little later, and takes signals as any thread does until then
        Path task = Path.of("/proc/self/task/" + signal.thread());
        while (java.nio.file.Files.exists(task)) {
            Thread.sleep(1);
        }
        signal.send(); // the thread is gone: nothing to interrupt, no error
    }

    @Test
    void drainsEveryPendingKick() throws Exception {
        CompletableFuture<Integer> drained = new CompletableFuture<>();
        Thread thread = new Thread(() -> {
            KickSignal signal = linux.processes().kickSignal(KickSignal.DEFAULT);
            signal.send();
            signal.send();
            signal.send();
            drained.complete(signal.drain() * 10 + signal.drain());
        });
        thread.start();
        assertThat(drained.get(10, TimeUnit.SECONDS)).isEqualTo(30);
    }
}
