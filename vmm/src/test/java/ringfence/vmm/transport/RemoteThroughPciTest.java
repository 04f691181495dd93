package ringfence.vmm.transport;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.MemoryTable;
import ringfence.memory.RamOptions;
import ringfence.vhostuser.link.Backend;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.vmm.bus.Deadlines;
import ringfence.vmm.device.remote.AnsweringDisk;
import ringfence.vmm.device.remote.Profile;
import ringfence.vmm.device.remote.RemoteDevice;
import ringfence.vmm.device.remote.SocketSource;

/**
 * The whole way but for KVM: a driver finds the function through ECAM, sets a queue up in guest memory, kicks a bell that
 * a daemon hears, and is interrupted by the daemon's call. The daemon starts late, and is replaced under way.
 */
@Timeout(60)
class RemoteThroughPciTest {
    private static final long VERSION_1 = 1L << 32;
    private static final long EVENT_IDX = 1L << 29;
    private static final long STATUS = 0x20000;
    private static final QueueConfig PLACE = GuestDriver.place(0x1000, 64, true, false);

    @TempDir
    Path directory;

    private final Linux linux = Linux.system();
    private final BlockingQueue<Integer> interrupts = new LinkedBlockingQueue<>();

    private Backend serve(int mark) {
        return Backend.listen(
                linux,
                directory.resolve("disk.sock").toString(),
                new AnsweringDisk(mark, 1),
                BackendOptions.defaults().withLog(line -> {}));
    }

    @Test
    void bringsADiskUpWhoseDaemonIsLateAndThenReplaced() throws InterruptedException {
        GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 1 << 20)), RamOptions.DEFAULT);
        TestMachine machine = new TestMachine(new Deadlines(), (address, data) -> interrupts.add(data));
        RemoteDevice device = RemoteDevice.of(
                        linux,
                        "_disk0",
                        Profile.block(),
                        SocketSource.path(linux, directory.resolve("disk.sock").toString()),
                        ram.table())
                .start();
        VirtioPciFunction function = machine.add(device);
        BlockingQueue<Backend> daemons = new LinkedBlockingQueue<>();
        Thread.ofPlatform().start(() -> {
            pause(50);
            daemons.add(serve(1));
        });
        TestDriver driver = new TestDriver(machine, 1);
        assertThat(driver.offered() & VERSION_1).as("waited for the daemon").isNotZero();
        assertThat(driver.negotiate(VERSION_1 | EVENT_IDX)).isTrue();
        driver.msixControl(0x8000);
        driver.message(1, 0xFEE0_0000L, 33);
        driver.mask(1, false);
        driver.enableQueue(0, PLACE, 1);
        GuestDriver guest = GuestDriver.direct(PLACE, ram.table());
        driver.ready();
        assertThat(driver.status()).isEqualTo(0xF);
        for (int i = 0; i < 100; i++) {
            request(driver, guest);
            assertThat(answer(guest, ram.table())).isEqualTo(1);
        }
        daemons.take().close();
        request(driver, guest);
        daemons.add(serve(2));
        assertThat(answer(guest, ram.table())).as("the successor's mark").isEqualTo(2);
        assertThat(driver.status()).isEqualTo(0xF);
        driver.status(0);
        assertThat(driver.status()).isZero();
        machine.segment.remove(1);
        function.close();
        machine.close();
        daemons.take().close();
        ram.close();
    }

    private static void request(TestDriver driver, GuestDriver guest) {
        assertThat(guest.begin(1)).isTrue();
        guest.writable(STATUS, 1);
        guest.offer(7);
        if (guest.publish()) {
            driver.kick(0);
        }
    }

    private int answer(GuestDriver guest, MemoryTable memory) throws InterruptedException {
        while (guest.reap() < 0) {
            if (guest.armInterrupt()) {
                continue;
            }
            assertThat(interrupts.poll(10, TimeUnit.SECONDS))
                    .as("the interrupt")
                    .isEqualTo(33);
        }
        byte[] status = new byte[1];
        memory.read(STATUS, status);
        return status[0];
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
