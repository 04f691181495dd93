package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import ringfence.linux.EventFd;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.virtio.Feature;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;

/** A virtual machine without a CPU: memory, one queue driven by {@link GuestDriver}, and a front-end. */
final class Vm implements AutoCloseable {
    static final long ALL = ProtocolFeature.mask(
            ProtocolFeature.MQ,
            ProtocolFeature.REPLY_ACK,
            ProtocolFeature.CONFIG,
            ProtocolFeature.INFLIGHT_SHMFD,
            ProtocolFeature.CONFIGURE_MEM_SLOTS,
            ProtocolFeature.LOG_SHMFD,
            ProtocolFeature.BACKEND_REQ,
            ProtocolFeature.RESET_DEVICE,
            ProtocolFeature.STATUS,
            ProtocolFeature.DEVICE_STATE);
    static final long FEATURES = Feature.VERSION_1 | Feature.EVENT_IDX | Feature.INDIRECT_DESC;
    static final int SIZE = 64;
    private static final long RING = 0x1000;
    private static final long DATA = 0x10_0000;

    final Linux linux;
    final TestRam ram;
    final EventFd kick;
    final EventFd call;
    final EventFd err;
    final QueueConfig config = GuestDriver.place(RING, SIZE, true, true);
    final GuestDriver driver;
    Frontend frontend;
    Offer offer;
    private long cookies;

    Vm(Linux linux) {
        this.linux = linux;
        ram = new TestRam(linux, 4 << 20);
        kick = linux.events().eventFd();
        call = linux.events().eventFd();
        err = linux.events().eventFd();
        driver = GuestDriver.direct(config, ram.table());
    }

    /** Serves a device to a virtual machine over a socket pair. */
    static Backend serve(Linux linux, BackendDevice device, Fd[] pair, BackendOptions options) {
        return Backend.listen(linux, pair[1], device, options);
    }

    Vm connect(Fd socket, long protocolFeatures) {
        frontend =
                Frontend.over(linux, socket, FrontendOptions.defaults().withDeadlines(5_000_000_000L, 10_000_000_000L));
        offer = frontend.hello(protocolFeatures);
        frontend.features(FEATURES);
        frontend.memory(ram.table());
        return this;
    }

    void start(QueueState from) {
        frontend.startQueue(0, config, from, kick, call, err);
    }

    /** Offers a request; kicks if the device wants it. */
    void offer(long operation, long index, long value) {
        long at = DATA + 64 * (cookies++ % 1024);
        ByteBuffer request = ByteBuffer.allocate(ToyDevice.REQUEST).order(ByteOrder.LITTLE_ENDIAN);
        request.putLong(operation).putLong(index).putLong(value);
        ram.table().write(at, request.array());
        assertThat(driver.begin(2)).isTrue();
        driver.readable(at, ToyDevice.REQUEST);
        driver.writable(at + 32, ToyDevice.ANSWER);
        driver.offer(at);
        if (driver.publish()) {
            kick.signal();
        }
    }

    /** Waits for the next answer and takes it. */
    long answer() {
        until(driver::hasUsed);
        assertThat(driver.reap()).isNotNegative();
        byte[] bytes = new byte[8];
        ram.table().read(driver.cookie() + 32, bytes);
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getLong();
    }

    /** Waits, but not for ever. */
    static void until(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited for too long").isLessThan(deadline);
            Thread.onSpinWait();
            Thread.yield();
        }
    }

    @Override
    public void close() {
        if (frontend != null) {
            frontend.close();
        }
        kick.close();
        call.close();
        err.close();
        ram.close();
    }
}
