package ringfence.vmm.device.remote;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.MemoryTable;
import ringfence.memory.RamOptions;
import ringfence.virtio.BlkLayout;
import ringfence.virtio.Feature;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.device.DeviceListener;
import ringfence.vmm.device.QueueEvents;

/** A back-end of somebody else, in a process of its own, killed and started again. */
@Timeout(60)
class QemuStorageDaemonTest {
    private static final Path PROGRAM = Path.of("/usr/bin/qemu-storage-daemon");
    private static final QueueConfig PLACE = GuestDriver.place(0x1000, 64, true, false);
    private static final int SECTORS = 64;
    private static final long HEADER = 0x20000;
    private static final long DATA = 0x21000;
    private static final long STATUS = 0x22000;

    @TempDir
    Path directory;

    private final Linux linux = Linux.system();
    private final List<String> troubles = new CopyOnWriteArrayList<>();
    private GuestDriver guest;

    private Process daemon() throws IOException {
        Path socket = directory.resolve("qsd.sock");
        Files.deleteIfExists(socket);
        return new ProcessBuilder(
                        PROGRAM.toString(),
                        "--blockdev",
                        "driver=file,node-name=disk,filename=" + directory.resolve("disk.img"),
                        "--export",
                        "type=vhost-user-blk,id=export,node-name=disk,writable=on,num-queues=1,addr.type=unix,addr.path="
                                + socket)
                .redirectErrorStream(true)
                .redirectOutput(new File("/dev/null"))
                .start();
    }

    @Test
    void readsThroughQemusDaemonAndItsSuccessor() throws Exception {
        assumeTrue(Files.isExecutable(PROGRAM), "qemu-storage-daemon is not installed");
        byte[] image = new byte[SECTORS * BlkLayout.SECTOR];
        for (int i = 0; i < image.length; i++) {
            image[i] = (byte) (i / BlkLayout.SECTOR + 1);
        }
        Files.write(directory.resolve("disk.img"), image);
        GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 1 << 20)), RamOptions.DEFAULT);
        QueueEvents events =
                new QueueEvents(linux.events().eventFd(), linux.events().eventFd());
        Process first = daemon();
        RemoteDevice device = RemoteDevice.of(
                        linux,
                        "_disk0",
                        Profile.block(),
                        SocketSource.path(linux, directory.resolve("qsd.sock").toString()),
                        ram.table())
                .start();
        device.listen(new DeviceListener() {
            @Override
            public void configChanged() {
                troubles.add("configuration changed");
            }

            @Override
            public void needsReset(String why) {
                troubles.add(why);
            }
        });
        eventually(device, 0);
        assertThat(device.readConfig(0, 8)).as("capacity").isEqualTo(SECTORS);
        assertThat(device.state().peer()).isEqualTo((int) first.pid());
        device.acknowledge(device.features() & (Feature.VERSION_1 | Feature.EVENT_IDX | BlkLayout.F_FLUSH));
        guest = GuestDriver.direct(PLACE, ram.table());
        device.startQueue(0, PLACE, QueueState.FRESH, events)
                .toCompletableFuture()
                .get(10, TimeUnit.SECONDS);
        for (int sector = 0; sector < SECTORS; sector++) {
            assertThat(read(ram.table(), events, sector)).isEqualTo(sector + 1);
        }
        first.destroyForcibly().waitFor();
        Process second = daemon();
        eventually(device, 1);
        assertThat(device.state().peer()).isEqualTo((int) second.pid());
        for (int sector = SECTORS - 1; sector >= 0; sector--) {
            assertThat(read(ram.table(), events, sector)).isEqualTo(sector + 1);
        }
        device.reset().toCompletableFuture().get(10, TimeUnit.SECONDS);
        assertThat(troubles).isEmpty();
        device.close();
        second.destroyForcibly().waitFor();
        events.kick().close();
        events.call().close();
        ram.close();
    }

    private static void eventually(RemoteDevice device, int reconnects) throws InterruptedException {
        long start = System.nanoTime();
        while (device.state().phase() != Phase.CONNECTED || device.state().reconnects() != reconnects) {
            assertThat(System.nanoTime() - start).as("%s", device.state()).isLessThan(20_000_000_000L);
            Thread.sleep(1);
        }
    }

    private int read(MemoryTable memory, QueueEvents events, long sector) throws InterruptedException {
        ByteBuffer header = ByteBuffer.allocate(BlkLayout.HEADER).order(ByteOrder.LITTLE_ENDIAN);
        header.putInt(BlkLayout.HEADER_TYPE, BlkLayout.T_IN).putLong(BlkLayout.HEADER_SECTOR, sector);
        memory.write(HEADER, header.array());
        memory.write(STATUS, new byte[] {-1});
        assertThat(guest.begin(3)).isTrue();
        guest.readable(HEADER, BlkLayout.HEADER);
        guest.writable(DATA, BlkLayout.SECTOR);
        guest.writable(STATUS, 1);
        guest.offer(sector);
        if (guest.publish()) {
            events.kick().signal();
        }
        long start = System.nanoTime();
        while (guest.reap() < 0) {
            assertThat(System.nanoTime() - start).as("an answer").isLessThan(20_000_000_000L);
            Thread.onSpinWait();
        }
        byte[] data = new byte[BlkLayout.SECTOR];
        memory.read(DATA, data);
        byte[] status = new byte[1];
        memory.read(STATUS, status);
        assertThat(status[0]).isEqualTo((byte) BlkLayout.S_OK);
        assertThat(data).containsOnly(data[0]);
        return data[0];
    }
}
