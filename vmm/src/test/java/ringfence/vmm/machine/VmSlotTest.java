package ringfence.vmm.machine;

import static org.assertj.core.api.Assertions.assertThatCode;

import org.junit.jupiter.api.Test;
import ringfence.linux.EventFd;
import ringfence.linux.Linux;

/** A device that ends later than its VM, because its back-end would not let it go in time, has nothing left to undo. */
class VmSlotTest {
    private final VmSlot slot = new VmSlot();

    @Test
    void whatOneVmHadIsGoneWithIt() {
        KvmMsiRouter router = new KvmMsiRouter(slot, 64);
        try (EventFd event = Linux.system().events().eventFd()) {
            assertThatCode(() -> {
                        new KvmDoorbells(slot).deassign(event, 0x1000, 4);
                        router.deassign(event, 30);
                        router.inject(0xFEE0_0000L, 0x40);
                        slot.line(4).set(true);
                    })
                    .doesNotThrowAnyException();
        }
    }
}
