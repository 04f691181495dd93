package ringfence.vmm.device.local;

import static org.assertj.core.api.Assertions.assertThat;

import ringfence.linux.EventFd;
import ringfence.linux.Linux;
import ringfence.memory.MemoryTable;
import ringfence.virtio.queue.GuestDriver;
import ringfence.virtio.queue.QueueConfig;
import ringfence.virtio.queue.QueueState;
import ringfence.vmm.device.QueueEvents;
import ringfence.vmm.device.VirtioDevice;

/** A running queue of a device, and its driver, who offers one buffer at a time. */
final class DrivenQueue implements AutoCloseable {
    private static final int SIZE = 8;

    private final GuestDriver driver;
    private final EventFd kick;
    private final EventFd call;

    /** @param ring where it lies, one page */
    DrivenQueue(Linux linux, VirtioDevice device, int index, MemoryTable memory, long ring) {
        QueueConfig config = GuestDriver.place(ring, SIZE, true, true);
        driver = GuestDriver.direct(config, memory);
        kick = linux.events().eventFd();
        call = linux.events().eventFd();
        device.startQueue(index, config, QueueState.FRESH, new QueueEvents(kick, call))
                .toCompletableFuture()
                .join();
    }

    void offer(long gpa, int length, boolean writable) {
        assertThat(driver.begin(1)).isTrue();
        if (writable) {
            driver.writable(gpa, length);
        } else {
            driver.readable(gpa, length);
        }
        driver.offer(gpa);
        if (driver.publish()) {
            kick.signal();
        }
    }

    /** Offers a buffer for reading and one for writing, in one chain. */
    void ask(long request, int requestLength, long answer, int answerLength) {
        assertThat(driver.begin(2)).isTrue();
        driver.readable(request, requestLength);
        driver.writable(answer, answerLength);
        driver.offer(request);
        if (driver.publish()) {
            kick.signal();
        }
    }

    boolean hasUsed() {
        return driver.hasUsed();
    }

    /** @return bytes that the device says it has written into the buffer that it gives back */
    long awaitUsed() throws InterruptedException {
        while (!driver.hasUsed()) {
            Thread.sleep(1);
        }
        driver.reap();
        return driver.written();
    }

    @Override
    public void close() {
        kick.close();
        call.close();
    }
}
