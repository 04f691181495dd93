package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Proxy;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.virtio.queue.QueueState;

/** Of memory that was truncated the runtime may tell some steps after the access, when no queue's turn is under way. */
@Timeout(60)
class LateTruncationTest {
    private final Linux linux = Linux.system();

    /** A device that hears of it as its thread is about to sleep. */
    private final ToyDevice device = new ToyDevice(linux, 1, true, new long[ToyDevice.WORDS]) {
        @Override
        public QueueEngine engine(int queue, MemoryTable memory) {
            QueueEngine held = super.engine(queue, memory);
            return (QueueEngine) Proxy.newProxyInstance(
                    getClass().getClassLoader(), new Class<?>[] {QueueEngine.class}, (_, method, arguments) -> {
                        if (method.getName().equals("inFlight") && isAboutToSleep()) {
                            throw new InternalError("a fault occurred in an unsafe memory access operation");
                        }
                        return method.invoke(held, arguments);
                    });
        }
    };

    private static boolean isAboutToSleep() {
        return StackWalker.getInstance()
                .walk(frames -> frames.anyMatch(frame -> frame.getMethodName().equals("hasWord")));
    }

    @Test
    void itEndsTheConnectionAndNobodyWaits() throws Exception {
        Fd[] pair = linux.sockets().pair();
        try (Backend backend = Backend.listen(linux, pair[1], device, BackendOptions.defaults());
                Vm vm = new Vm(linux).connect(pair[0], Vm.ALL)) {
            vm.start(QueueState.FRESH);
            vm.offer(1, 1, 11); // which is not answered, so that the queue cannot end at once
            Vm.until(
                    () -> device.engines.peek() != null && device.engines.peek().submitted() == 1);
            try {
                vm.frontend.stopQueue(0);
            } catch (PeerException _) {
                // its connection has ended already
            }
            backend.await();
            assertThat(backend.stats().lastDrop()).contains("truncated");
        }
    }
}
