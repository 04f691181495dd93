package ringfence.blk.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static ringfence.virtio.BlkLayout.S_IOERR;
import static ringfence.virtio.BlkLayout.S_OK;
import static ringfence.virtio.BlkLayout.T_FLUSH;
import static ringfence.virtio.BlkLayout.T_IN;
import static ringfence.virtio.BlkLayout.T_OUT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ringfence.blk.TestGuest;
import ringfence.blk.engine.TestDisk.Place;
import ringfence.linux.Errno;
import ringfence.linux.FaultInjector;
import ringfence.linux.Linux;
import ringfence.linux.NativeKernel;
import ringfence.linux.Syscall;
import ringfence.vhostuser.link.QueueEngine;

/** A disk's errors: they reach the request that met them, and a failed flush stays failed. */
class FlushTest {
    private static final long DATA = TestGuest.DATA;

    private final FaultInjector faults = new FaultInjector(new NativeKernel());
    private final Linux linux = new Linux(faults);
    private final TestDisk disk = new TestDisk(linux, Place.TMPFS, EngineChoice.PLAIN);
    private final TestGuest guest = new TestGuest(Linux.system(), 64);
    private final QueueEngine engine = disk.device.engine(0, guest.memory());

    @AfterEach
    void close() {
        engine.close();
        guest.close();
        disk.close();
    }

    private int flush(QueueEngine through) {
        return guest.request(through, T_FLUSH, 0, 0, 0).status();
    }

    private static MemorySegment persistent() {
        return Arena.ofAuto().allocate(StoredFlag.SIZE, 8);
    }

    @Test
    void anErrorFailsOneRequestOnly() {
        faults.fail(Syscall.PREAD64, Errno.EIO);
        faults.fail(Syscall.PWRITE64, Errno.ENOSPC);
        assertThat(guest.request(engine, T_IN, 0, DATA, 4096).status()).isEqualTo(S_IOERR);
        assertThat(guest.request(engine, T_OUT, 0, DATA, 4096).status()).isEqualTo(S_IOERR);
        faults.heal(Syscall.PREAD64);
        faults.heal(Syscall.PWRITE64);
        assertThat(guest.request(engine, T_IN, 0, DATA, 4096).status()).isEqualTo(S_OK);
        assertThat(guest.request(engine, T_OUT, 0, DATA, 4096).status()).isEqualTo(S_OK);
        assertThat(flush(engine)).isEqualTo(S_OK);
    }

    @Test
    void aFailedFlushStaysFailedUntilTheDeviceIsReset() {
        faults.fail(Syscall.FDATASYNC, Errno.EIO);
        assertThat(flush(engine)).isEqualTo(S_IOERR);
        faults.heal(Syscall.FDATASYNC);
        assertThat(flush(engine)).isEqualTo(S_IOERR);
        assertThat(flush(engine)).isEqualTo(S_IOERR);
        assertThat(guest.request(engine, T_IN, 0, DATA, 4096).status()).isEqualTo(S_OK);
        disk.device.reset();
        disk.device.negotiated(TestDisk.ALL_FEATURES);
        assertThat(flush(engine)).isEqualTo(S_OK);
    }

    @Test
    void theFailureIsStoredBeforeTheRequestCompletes() {
        MemorySegment kept = persistent();
        disk.device.attach(kept);
        faults.fail(Syscall.FDATASYNC, Errno.EIO);
        int[] storedAtCompletion = new int[1];
        long header = 0x6_0000;
        guest.header(header, T_FLUSH, 0);
        engine.submit(
                guest.chain(new TestGuest.Buffer(header, 16, false), new TestGuest.Buffer(header + 16, 1, true)),
                (head, written) -> storedAtCompletion[0] = kept.get(ValueLayout.JAVA_INT, 0));
        assertThat(storedAtCompletion[0]).isNotZero();
    }

    @Test
    void aSuccessorThatFindsAFailedFlushFailsAllFlushes() {
        MemorySegment kept = persistent();
        disk.device.attach(kept);
        faults.fail(Syscall.FDATASYNC, Errno.EIO);
        assertThat(flush(engine)).isEqualTo(S_IOERR);
        faults.heal(Syscall.FDATASYNC);
        try (TestDisk later = new TestDisk(linux, Place.CACHED, EngineChoice.URING);
                QueueEngine successor = later.device.engine(0, guest.memory())) {
            assertThat(flush(successor)).isEqualTo(S_OK);
            later.device.attach(kept);
            assertThat(flush(successor)).isEqualTo(S_IOERR);
            later.device.reset();
            assertThat(kept.get(ValueLayout.JAVA_INT, 0)).isZero();
            later.device.negotiated(TestDisk.ALL_FEATURES);
            assertThat(flush(successor)).isEqualTo(S_OK);
        }
    }

    /** Claiming that data is durable would be the worse mistake. */
    @Test
    void damagedStateCountsAsFailed() {
        MemorySegment kept = persistent();
        kept.set(ValueLayout.JAVA_INT, 0, 0x1234_5678);
        disk.device.attach(kept);
        assertThat(flush(engine)).isEqualTo(S_IOERR);
    }

    @Test
    void aFailureBeforeTheFrontEndKeepsStateIsStoredWhenItDoes() {
        faults.fail(Syscall.FDATASYNC, Errno.EIO);
        assertThat(flush(engine)).isEqualTo(S_IOERR);
        faults.heal(Syscall.FDATASYNC);
        MemorySegment kept = persistent();
        disk.device.attach(kept);
        assertThat(kept.get(ValueLayout.JAVA_INT, 0)).isNotZero();
    }

    /** A write that has to be durable may use up the kernel's one report of an earlier write's loss. */
    @Test
    void anErrorOfADurableWriteFailsLaterFlushes() {
        disk.device.writeConfig(32, new byte[] {0});
        faults.fail(Syscall.PWRITEV2, Errno.EIO);
        assertThat(guest.request(engine, T_OUT, 0, DATA, 4096).status()).isEqualTo(S_IOERR);
        faults.heal(Syscall.PWRITEV2);
        disk.device.writeConfig(32, new byte[] {1});
        assertThat(flush(engine)).isEqualTo(S_IOERR);
    }

    @Test
    void whatADeviceWithoutAFrontEndHasWrittenIsMadeDurable() {
        long before = faults.count(Syscall.FDATASYNC);
        disk.device.disconnected();
        assertThat(faults.count(Syscall.FDATASYNC)).isEqualTo(before + 1);
    }

    @Test
    void whereIoUringIsRefusedPlainCallsServe() {
        faults.fail(Syscall.IO_URING_SETUP, Errno.EPERM);
        try (TestDisk plain = new TestDisk(linux, Place.CACHED, EngineChoice.AUTO);
                QueueEngine serving = plain.device.engine(0, guest.memory())) {
            assertThat(plain.device.engine()).isEqualTo(EngineChoice.PLAIN);
            assertThat(guest.request(serving, T_IN, 0, DATA, 4096).status()).isEqualTo(S_OK);
        }
        faults.heal(Syscall.IO_URING_SETUP);
        try (TestDisk ring = new TestDisk(linux, Place.CACHED, EngineChoice.AUTO)) {
            assertThat(ring.device.engine()).isEqualTo(EngineChoice.URING);
        }
    }
}
