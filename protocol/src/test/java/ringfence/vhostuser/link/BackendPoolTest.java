package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.virtio.queue.QueueState;

/** Many front-ends at one socket. */
@Timeout(60)
class BackendPoolTest {
    private final Linux linux = Linux.system();
    private final List<ToyDevice> devices = new CopyOnWriteArrayList<>();
    private final List<String> log = new CopyOnWriteArrayList<>();

    @TempDir
    Path directory;

    private String socket() {
        return directory.resolve("s").toString();
    }

    private BackendPool pool(int seats, boolean held) {
        return BackendPool.open(
                linux,
                new BackendSocket(Optional.of(socket()), OptionalInt.empty()),
                seats,
                (index, frontend) -> {
                    ToyDevice device =
                            held ? ToyDevice.held(linux, new long[ToyDevice.WORDS]) : ToyDevice.prompt(linux, 1);
                    devices.add(device);
                    return new BackendPool.Seat(
                            device, BackendOptions.defaults().withLog(log::add));
                },
                Optional.empty(),
                log::add);
    }

    private Vm connected() {
        return new Vm(linux).connect(linux.sockets().connect(socket()), Vm.ALL);
    }

    @Test
    void eachHasADeviceOfItsOwn() {
        try (BackendPool _ = pool(2, false);
                Vm one = connected();
                Vm two = connected()) {
            one.start(QueueState.FRESH);
            two.start(QueueState.FRESH);
            one.offer(1, 5, 11);
            two.offer(1, 5, 22);
            assertThat(one.answer()).isEqualTo(11);
            assertThat(two.answer()).isEqualTo(22);
            assertThat(devices).extracting(device -> device.words[5]).containsExactly(11L, 22L);
        }
        assertThat(devices).allSatisfy(device -> assertThat(device.open).hasValue(0));
        assertThat(log).isEmpty();
    }

    /** Its request is still under way when the front-end hangs up and comes again: nobody may look at its ring twice. */
    @Test
    void whoComesAgainIsServedWhenWhatItLeftHasDrained() throws Exception {
        try (BackendPool _ = pool(2, true);
                Vm vm = connected()) {
            vm.start(QueueState.FRESH);
            vm.offer(1, 5, 11);
            Vm.until(() -> !devices.getFirst().engines.isEmpty()
                    && devices.getFirst().engines.peek().submitted() == 1);
            vm.frontend.close();
            CompletableFuture<Vm> again = CompletableFuture.supplyAsync(
                    () -> vm.connect(linux.sockets().connect(socket()), Vm.ALL));
            TimeUnit.MILLISECONDS.sleep(300);
            assertThat(again).as("there is a free seat, but it waits").isNotDone();
            devices.getFirst().engines.peek().release(1);
            again.get(10, TimeUnit.SECONDS);
            assertThat(vm.answer()).isEqualTo(11);
        }
    }
}
