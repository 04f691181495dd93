package ringfence.vmm.device.local;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.TimeUnit;
import ringfence.linux.EventFd;
import ringfence.linux.Linux;
import ringfence.memory.GuestRam;
import ringfence.memory.RamOptions;
import ringfence.vhostuser.link.BackendSocket;
import ringfence.virtio.VsockLayout;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.device.DeviceListener;
import ringfence.vmm.device.QueueEvents;

/** A guest's driver of a socket device, packet by packet, and the device. */
final class VsockGuest implements AutoCloseable {
    static final int CID = 7;
    static final int ROOM = 64 << 10;

    private static final int SIZE = 64;
    private static final int BUFFER = 4096;
    private static final int BUFFERS = 32;
    private static final long RX = 0x10_0000;
    private static final long TX = 0x20_0000;

    /** A packet from the device. */
    record Packet(int op, int hostPort, int guestPort, int flags, int bufAlloc, int fwdCnt, byte[] data) {
        String text() {
            return new String(data, StandardCharsets.US_ASCII);
        }
    }

    final Vsock device;
    private final Linux linux = Linux.system();
    private final GuestRam ram = new GuestRam(linux, List.of(new GuestRam.Range(0, 4 << 20)), RamOptions.DEFAULT);
    private final QueueConfig rxConfig = GuestDriver.place(0x1000, SIZE, true, true);
    private final QueueConfig txConfig = GuestDriver.place(0x8000, SIZE, true, true);
    private final GuestDriver rx = GuestDriver.direct(rxConfig, ram.table());
    private final GuestDriver tx = GuestDriver.direct(txConfig, ram.table());
    private final EventFd rxKick = linux.events().eventFd();
    private final EventFd txKick = linux.events().eventFd();
    private final EventFd call = linux.events().eventFd();
    private long source = CID;
    private long destination = VsockLayout.HOST_CID;
    private int type = VsockLayout.STREAM;

    VsockGuest(Path path) {
        device = new Vsock(
                linux,
                "_vsock0",
                CID,
                path.toString(),
                new BackendSocket(Optional.of(path.toString()), OptionalInt.empty()).listener(linux),
                ram.table());
        device.listen(new DeviceListener() {
            @Override
            public void configChanged() {}

            @Override
            public void needsReset(String why) {}
        });
    }

    VsockGuest start() {
        for (int i = 0; i < BUFFERS; i++) {
            post(RX + (long) i * BUFFER);
        }
        rx.publish();
        device.startQueue(VsockLayout.RX_QUEUE, rxConfig, QueueState.FRESH, new QueueEvents(rxKick, call))
                .toCompletableFuture()
                .join();
        device.startQueue(VsockLayout.TX_QUEUE, txConfig, QueueState.FRESH, new QueueEvents(txKick, call))
                .toCompletableFuture()
                .join();
        return this;
    }

    private void post(long at) {
        assertThat(rx.begin(1)).isTrue();
        rx.writable(at, BUFFER);
        rx.offer(at);
    }

    /** Sends with other addresses, or another type, from now on. */
    void lie(long otherSource, long otherDestination, int otherType) {
        source = otherSource;
        destination = otherDestination;
        type = otherType;
    }

    void honest() {
        lie(CID, VsockLayout.HOST_CID, VsockLayout.STREAM);
    }

    void send(int op, int hostPort, int guestPort) {
        send(op, hostPort, guestPort, 0, ROOM, 0, 0, new byte[0]);
    }

    void send(String text, int hostPort, int guestPort) {
        byte[] data = text.getBytes(StandardCharsets.US_ASCII);
        send(VsockLayout.RW, hostPort, guestPort, 0, ROOM, 0, data.length, data);
    }

    void send(int op, int hostPort, int guestPort, int flags, int bufAlloc, int fwdCnt, int length, byte[] data) {
        ByteBuffer bytes = ByteBuffer.allocate(VsockLayout.HEADER + data.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(source)
                .putLong(destination)
                .putInt(guestPort)
                .putInt(hostPort)
                .putInt(length);
        bytes.putShort((short) type)
                .putShort((short) op)
                .putInt(flags)
                .putInt(bufAlloc)
                .putInt(fwdCnt)
                .put(data);
        raw(bytes.array());
    }

    /** Any bytes as a packet; returns when the device has taken it. */
    void raw(byte[] bytes) {
        ram.table().write(TX, bytes);
        assertThat(tx.begin(1)).isTrue();
        tx.readable(TX, bytes.length);
        tx.offer(TX);
        if (tx.publish()) {
            txKick.signal();
        }
        until(tx::hasUsed);
        tx.reap();
    }

    /** The next packet that is not about room, with how much the host has taken before it. */
    Packet next() {
        Packet packet;
        do {
            packet = any();
        } while (packet.op == VsockLayout.CREDIT_UPDATE);
        return packet;
    }

    Packet any() {
        until(rx::hasUsed);
        assertThat(rx.reap()).isNotNegative();
        long at = rx.cookie();
        byte[] bytes = new byte[(int) rx.written()];
        ram.table().read(at, bytes);
        ByteBuffer read = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        assertThat(read.getLong()).isEqualTo(VsockLayout.HOST_CID);
        assertThat(read.getLong()).isEqualTo(CID);
        int hostPort = read.getInt();
        int guestPort = read.getInt();
        int length = read.getInt();
        assertThat(read.getShort()).isEqualTo((short) VsockLayout.STREAM);
        Packet packet = new Packet(
                read.getShort(), hostPort, guestPort, read.getInt(), read.getInt(), read.getInt(), new byte[length]);
        read.get(packet.data);
        assertThat(read.hasRemaining()).isFalse();
        post(at);
        if (rx.publish()) {
            rxKick.signal();
        }
        return packet;
    }

    /** Whether nothing comes for a while. */
    boolean isQuiet() throws InterruptedException {
        Thread.sleep(50);
        return !rx.hasUsed();
    }

    private static void until(java.util.function.BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited for too long").isLessThan(deadline);
            Thread.yield();
        }
    }

    @Override
    public void close() {
        device.close();
        rxKick.close();
        txKick.close();
        call.close();
        ram.close();
    }
}
