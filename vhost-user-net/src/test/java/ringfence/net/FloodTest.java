package ringfence.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Linux;
import ringfence.virtio.queue.GuestDriver;

/** A host that sends as fast as it can to a guest that has posted no buffers: what is too much is dropped and counted. */
@Timeout(60)
class FloodTest {
    private static final int RX = 0;
    private static final int ROUNDS = 20;
    private static final int BUFFERS = 64;
    private static final byte[] FLOOD = Frames.plain(1000, 1);
    private static final byte[] LAST = Frames.plain(60, 2);

    private final Linux linux = Linux.system();

    /** The kernel's counter of frames for the guest that found the tap full. */
    private static long dropped(NetVm vm) {
        try {
            return Long.parseLong(Files.readString(Path.of("/sys/class/net", vm.tap(), "statistics/tx_dropped"))
                    .strip());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void trafficResumesAsSoonAsTheGuestPosts() throws InterruptedException {
        long[] nanos = new long[ROUNDS];
        try (NetVm vm = new NetVm(linux, 1, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.EXPERIMENTAL)) {
            vm.startPair(0);
            for (int round = 0; round < ROUNDS; round++) {
                long before = dropped(vm);
                NetVm.until(() -> {
                    host.trySend(FLOOD);
                    return dropped(vm) > before + 100;
                });
                Thread.sleep(20); // the daemon has long filled what was left, and sleeps
                while (vm.driver(RX).reap() >= 0) {
                    Thread.onSpinWait();
                }
                long begin = System.nanoTime();
                vm.post(RX, BUFFERS, 1526);
                assertThat(vm.receive(RX, Frames.EXPERIMENTAL).frame()).isEqualTo(FLOOD);
                nanos[round] = System.nanoTime() - begin;
                drain(vm, host);
            }
        }
        Arrays.sort(nanos);
        System.out.printf(
                "counted: %d floods, traffic resumed after %d us in the median, %d at most%n",
                ROUNDS, nanos[ROUNDS / 2] / 1000, nanos[ROUNDS - 1] / 1000);
        assertThat(nanos[ROUNDS - 1]).isLessThan(1_000_000_000L);
    }

    /** Takes what is in the tap, up to a last frame, which is sent again if the tap was still full. */
    private static void drain(NetVm vm, HostEnd host) {
        GuestDriver driver = vm.driver(RX);
        long[] droppedWhenSent = {-1};
        NetVm.until(() -> {
            long dropped = dropped(vm);
            if (dropped != droppedWhenSent[0] && host.trySend(LAST)) {
                droppedWhenSent[0] = dropped;
            }
            boolean last = false;
            int taken = 0;
            while (driver.reap() >= 0) {
                taken++;
                last |= driver.written() == NetVm.HEADER + LAST.length;
            }
            vm.post(RX, taken, 1526);
            return last;
        });
    }
}
