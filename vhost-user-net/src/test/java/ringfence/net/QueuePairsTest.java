package ringfence.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Linux;

/** Several pairs of queues on one tap. */
@Timeout(60)
class QueuePairsTest {
    private static final int FLOWS = 64;

    private final Linux linux = Linux.system();

    @Test
    void bothPairsSendAndReceive() {
        try (NetVm vm = new NetVm(linux, 2, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.IPV4)) {
            vm.startPair(0);
            vm.startPair(1);
            vm.send(1, new byte[NetVm.HEADER], Frames.udp(1), 4096);
            vm.send(3, new byte[NetVm.HEADER], Frames.udp(2), 4096);
            Set<Integer> ports = new HashSet<>();
            ports.add(port(NetDeviceTest.withoutHeader(host.receive())));
            ports.add(port(NetDeviceTest.withoutHeader(host.receive())));
            assertThat(ports).containsExactlyInAnyOrder(1, 2);
            vm.post(0, 200, 1526);
            vm.post(2, 200, 1526);
            int first = flows(vm, host, 0);
            int second = flows(vm, host, 2);
            assertThat(first).as("flows on the first pair").isPositive();
            assertThat(second).as("flows on the second pair").isPositive();
        }
    }

    /** Sends many flows; answers how many arrive at that queue, all others at the other one. */
    private static int flows(NetVm vm, HostEnd host, int queue) {
        for (int i = 0; i < FLOWS; i++) {
            host.send(Frames.udp(1000 + i));
        }
        int[] arrived = new int[3];
        NetVm.until(() -> {
            for (int receiving = 0; receiving <= 2; receiving += 2) {
                while (vm.driver(receiving).hasUsed()) {
                    byte[] frame = vm.receive(receiving).frame();
                    boolean ours = (frame[12] & 0xff) == 8 && frame[13] == 0; // the host may have said something itself
                    arrived[receiving] += ours ? 1 : 0;
                }
            }
            return arrived[0] + arrived[2] >= FLOWS;
        });
        return arrived[queue];
    }

    /** A pair that the guest does not use is detached: no frame is steered to it. */
    @Test
    void aDisabledPairGetsNothing() {
        try (NetVm vm = new NetVm(linux, 2, -1);
                HostEnd host = new HostEnd(linux, vm.tap(), Frames.IPV4)) {
            vm.startPair(0);
            vm.startPair(1);
            vm.post(0, 200, 1526);
            vm.post(2, 200, 1526);
            vm.frontend.enable(2, false);
            vm.frontend.enable(3, false);
            long second = vm.counters(2).packets();
            assertThat(flows(vm, host, 0)).isEqualTo(FLOWS);
            assertThat(vm.counters(2).packets()).isEqualTo(second);
            vm.frontend.enable(2, true);
            vm.frontend.enable(3, true);
            assertThat(flows(vm, host, 2)).isPositive();
        }
    }

    /** The two ways of a pair, and nobody else's, share a thread, which ends with the last of them. */
    @Test
    void eachPairHasAThread() {
        try (NetVm vm = new NetVm(linux, 2, -1);
                HostEnd _ = new HostEnd(linux, vm.tap(), Frames.IPV4)) {
            vm.startPair(0);
            assertThat(threads()).containsExactly("net/pair0");
            vm.startPair(1);
            assertThat(threads()).containsExactly("net/pair0", "net/pair1");
            vm.frontend.stopQueue(2);
            assertThat(threads()).containsExactly("net/pair0", "net/pair1");
            vm.frontend.stopQueue(3);
            NetVm.until(() -> threads().equals(List.of("net/pair0")));
            vm.start(3);
            assertThat(threads()).containsExactly("net/pair0", "net/pair1");
        }
    }

    private static List<String> threads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(Thread::isAlive)
                .map(Thread::getName)
                .filter(name -> name.startsWith("net/pair"))
                .sorted()
                .toList();
    }

    private static int port(byte[] frame) {
        return (frame[34] & 0xff) << 8 | frame[35] & 0xff;
    }
}
