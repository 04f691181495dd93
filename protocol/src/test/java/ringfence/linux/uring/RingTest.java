package ringfence.linux.uring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ringfence.linux.Allocations;
import ringfence.linux.Errno;
import ringfence.linux.EventFd;
import ringfence.linux.FaultInjector;
import ringfence.linux.Fd;
import ringfence.linux.IoVec;
import ringfence.linux.Linux;
import ringfence.linux.LockType;
import ringfence.linux.OpenFlag;
import ringfence.linux.Syscall;

class RingTest {
    private static final Linux LINUX = Linux.system();
    private static RingAbilities abilities;

    private final MemorySegment memory = Arena.ofAuto().allocate(1 << 16, 4096);
    private final List<Long> tokens = new ArrayList<>();
    private final List<Integer> results = new ArrayList<>();

    @BeforeAll
    static void probe() {
        abilities = RingAbilities.probe(LINUX);
        assertThat(abilities.refusal()).as("these tests need io_uring").isEmpty();
    }

    /** As this kernel has it, and as older ones do. */
    static Stream<RingAbilities> generations() {
        return Stream.of(
                abilities,
                abilities.without(RingFlag.DEFER_TASKRUN),
                abilities.without(RingFlag.SINGLE_ISSUER),
                abilities.without(RingFlag.SINGLE_ISSUER).without(RingFlag.COOP_TASKRUN),
                abilities
                        .without(RingFlag.SINGLE_ISSUER)
                        .without(RingFlag.COOP_TASKRUN)
                        .without(RingFlag.SUBMIT_ALL)
                        .without(RingFlag.R_DISABLED));
    }

    private void record(long token, int result) {
        tokens.add(token);
        results.add(result);
    }

    private int complete(Ring ring) {
        results.clear();
        tokens.clear();
        while (ring.inFlight() > 0) {
            ring.submitAndWait(1, 5_000_000_000L);
            ring.reap(this::record);
        }
        return results.getLast();
    }

    @ParameterizedTest
    @MethodSource("generations")
    void readsWhatItWrote(RingAbilities generation) {
        try (Ring ring = Ring.open(LINUX, generation, 8, 16);
                Fd file = LINUX.memory().memfd("file", 1 << 16)) {
            RingFile plain = RingFile.of(file);
            memory.set(ValueLayout.JAVA_LONG, 8, 0x1122334455667788L);
            assertThat(ring.write(plain, memory, 8, 8, 4096, 7)).isTrue();
            assertThat(complete(ring)).isEqualTo(8);
            assertThat(tokens).containsExactly(7L);
            assertThat(ring.read(plain, memory, 64, 16, 4096 - 8, RingToken.pack(1, 2, 3)))
                    .isTrue();
            assertThat(complete(ring)).isEqualTo(16);
            assertThat(memory.get(ValueLayout.JAVA_LONG, 72)).isEqualTo(0x1122334455667788L);
        }
    }

    @ParameterizedTest
    @MethodSource("generations")
    void registeredFilesAndBuffers(RingAbilities generation) {
        try (Ring ring = Ring.open(LINUX, generation, 8, 16);
                Fd file = LINUX.memory().memfd("file", 1 << 16)) {
            ring.fileTable(4);
            RingFile slot = ring.install(2, file);
            IoVec buffers = new IoVec(2);
            buffers.add(memory, 0, 4096);
            buffers.add(memory, 8192, 4096);
            assertThat(ring.tryRegisterBuffers(buffers)).isZero();
            memory.set(ValueLayout.JAVA_LONG, 8192, 42);
            ring.writeFixed(slot, 1, memory, 8192, 512, 0, 1);
            assertThat(complete(ring)).isEqualTo(512);
            ring.readFixed(slot, 0, memory, 0, 512, 0, 2);
            assertThat(complete(ring)).isEqualTo(512);
            assertThat(memory.get(ValueLayout.JAVA_LONG, 0)).isEqualTo(42);
            ring.readFixed(slot, 0, memory, 8192, 512, 0, 3);
            assertThat(complete(ring)).as("not in buffer 0").isEqualTo(-Errno.EFAULT.number());
            ring.uninstall(2);
            ring.read(slot, memory, 0, 8, 0, 4);
            assertThat(complete(ring)).isEqualTo(-Errno.EBADF.number());
            ring.unregisterBuffers();
        }
    }

    @Test
    void vectorsSyncAllocateAndNop() {
        try (Ring ring = Ring.open(LINUX, abilities, 8, 16);
                Fd file = LINUX.memory().memfd("file", 8192)) {
            RingFile plain = RingFile.of(file);
            IoVec parts = new IoVec(2);
            memory.set(ValueLayout.JAVA_INT, 0, 1);
            memory.set(ValueLayout.JAVA_INT, 100, 2);
            parts.add(memory, 0, 4);
            parts.add(memory, 100, 4);
            ring.writev(plain, parts, 16, 1);
            assertThat(complete(ring)).isEqualTo(8);
            parts.clear();
            parts.add(memory, 200, 8);
            ring.readv(plain, parts, 16, 2);
            assertThat(complete(ring)).isEqualTo(8);
            assertThat(memory.get(ValueLayout.JAVA_INT, 204)).isEqualTo(2);
            ring.dataSync(plain, 3);
            assertThat(complete(ring)).isZero();
            int punchHoleKeepSize = 3;
            ring.allocate(plain, punchHoleKeepSize, 0, 4096, 4);
            assertThat(complete(ring)).isZero();
            ring.read(plain, memory, 200, 8, 16, 5);
            complete(ring);
            assertThat(memory.get(ValueLayout.JAVA_INT, 204)).as("in the hole").isZero();
            ring.nop(6);
            assertThat(complete(ring)).isZero();
        }
    }

    @Test
    void errorsAreResults() {
        try (Ring ring = Ring.open(LINUX, abilities, 8, 16);
                Fd readOnly = LINUX.files().open("/proc/version", OpenFlag.RDONLY)) {
            ring.write(RingFile.of(readOnly), memory, 0, 8, 0, 1);
            assertThat(complete(ring)).isEqualTo(-Errno.EBADF.number());
            assertThatThrownBy(() -> ring.read(RingFile.of(readOnly), memory, memory.byteSize() - 4, 8, 0, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(ring.inFlight()).isZero();
        }
    }

    @Test
    void aFullQueueSaysSoAndLosesNothing() {
        try (Ring ring = Ring.open(LINUX, abilities, 4, 8)) {
            for (int i = 0; i < ring.size(); i++) {
                assertThat(ring.nop(i)).isTrue();
            }
            assertThat(ring.nop(99)).isFalse();
            assertThat(ring.inFlight()).isEqualTo(ring.size());
            assertThat(ring.submit()).isEqualTo(ring.size());
            assertThat(ring.nop(4)).isTrue();
            complete(ring);
            assertThat(tokens).containsExactlyInAnyOrder(0L, 1L, 2L, 3L, 4L);
        }
    }

    @Test
    void moreCompletionsThanTheQueueHoldsAreKeptByTheKernel() {
        try (Ring ring = Ring.open(LINUX, abilities, 4, 4)) {
            for (int i = 0; i < 64; i++) {
                while (!ring.nop(i)) {
                    ring.submit();
                }
            }
            complete(ring);
            assertThat(tokens).hasSize(64).doesNotHaveDuplicates();
        }
    }

    @Test
    void pollWaitsAndCancelEndsIt() {
        try (Ring ring = Ring.open(LINUX, abilities, 8, 16);
                EventFd event = LINUX.events().eventFd()) {
            ring.poll(RingFile.of(event.fd()), 1 /* POLLIN */, 1);
            ring.submitAndWait(1, 20_000_000);
            assertThat(ring.reap(this::record)).isZero();
            event.signal();
            assertThat(complete(ring)).isEqualTo(1);
            event.drain();
            ring.poll(RingFile.of(event.fd()), 1, 2);
            ring.submit();
            ring.cancel(2, 3);
            complete(ring);
            assertThat(tokens).containsExactlyInAnyOrder(2L, 3L);
            assertThat(results).contains(-Errno.ECANCELED.number(), 0);
        }
    }

    @ParameterizedTest
    @MethodSource("generations")
    void anEventFdAndTheRingItselfAreReadableWhenSomethingHasCompleted(RingAbilities generation) {
        try (Ring ring = Ring.open(LINUX, generation, 8, 16);
                EventFd event = LINUX.events().eventFd();
                EventFd source = LINUX.events().eventFd()) {
            ring.eventFd(event);
            ring.poll(RingFile.of(source.fd()), 1, 1);
            ring.submit();
            assertThat(event.drain()).isZero();
            assertThat(LINUX.sockets().await(ring.fd(), 1, 0)).isFalse();
            source.signal();
            assertThat(LINUX.sockets().await(ring.fd(), 1, 5000)).isTrue();
            assertThat(LINUX.sockets().await(event.fd(), 1, 5000)).isTrue();
            assertThat(ring.reap(this::record)).isEqualTo(1);
            ring.noEventFd();
        }
    }

    @Test
    void theThreadThatSubmitsFirstOwnsIt() throws Exception {
        Ring ring = Ring.open(LINUX, abilities, 8, 16);
        ring.fileTable(1);
        Thread owner = new Thread(() -> {
            ring.nop(1);
            complete(ring);
            ring.fileTable(0x7FFF_FFFF >>> 20); // registering goes on to work, on the owner
        });
        List<Throwable> failures = new ArrayList<>();
        owner.setUncaughtExceptionHandler((t, e) -> failures.add(e));
        owner.start();
        owner.join();
        assertThat(failures).singleElement().satisfies(e -> assertThat(e).hasMessageContaining("EBUSY"));
        assertThat(results).containsExactly(0);
        ring.nop(2);
        assertThatThrownBy(ring::submit).hasMessageContaining("EEXIST");
        ring.close();
    }

    @Test
    void useAfterCloseIsAnExceptionNotACrash() {
        Ring ring = Ring.open(LINUX, abilities, 8, 16);
        ring.close();
        ring.close();
        assertThatThrownBy(() -> ring.nop(1)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(ring::submit).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> ring.reap(this::record)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aRefusalSaysWhy() {
        FaultInjector faults = new FaultInjector(LINUX.kernel());
        faults.fail(Syscall.IO_URING_SETUP, Errno.EPERM);
        RingAbilities none = RingAbilities.probe(new Linux(faults));
        assertThat(none.usable()).isFalse();
        assertThatThrownBy(() -> Ring.open(LINUX, none, 8, 8))
                .isInstanceOf(RingRefusedException.class)
                .hasMessageContaining("EPERM")
                .hasMessageContaining("kernel.io_uring_disabled");
    }

    @Test
    void aKernelThatKnowsFewerFlagsIsAskedForFewer() {
        FaultInjector faults = new FaultInjector(LINUX.kernel());
        int[] asked = new int[1];
        faults.inject(
                Syscall.IO_URING_SETUP,
                FaultInjector.Matcher.ANY,
                (kernel, call, a) -> ++asked[0] < 4
                        ? -Errno.EINVAL.number()
                        : kernel.call(call, a[0], a[1], a[2], a[3], a[4], a[5]));
        RingAbilities old = RingAbilities.probe(new Linux(faults));
        assertThat(old.flags()).containsExactlyInAnyOrder(RingFlag.CQSIZE, RingFlag.R_DISABLED, RingFlag.SUBMIT_ALL);
        assertThat(old.operations()).contains(Op.READ, Op.FALLOCATE);
    }

    @Test
    void anInstalledLockFileStaysLockedUntilTheRingIsGone() throws Exception {
        Path path = java.nio.file.Files.createTempFile("lock", "");
        Ring ring = Ring.open(LINUX, abilities, 8, 16);
        ring.fileTable(1);
        try (Fd successor = LINUX.files().open(path.toString(), OpenFlag.RDWR)) {
            Fd lock = LINUX.files().open(path.toString(), OpenFlag.RDWR);
            assertThat(LINUX.files().tryLock(lock, LockType.WRITE, 0, 0)).isTrue();
            ring.install(0, lock);
            lock.close();
            assertThat(LINUX.files().tryLock(successor, LockType.WRITE, 0, 0)).isFalse();
            ring.close();
            LINUX.files().lock(successor, LockType.WRITE, 0, 0);
        } finally {
            java.nio.file.Files.delete(path);
        }
    }

    @Test
    void allocatesNothingPerRequest() {
        try (Ring ring = Ring.open(LINUX, abilities, 32, 64);
                Fd file = LINUX.memory().memfd("file", 1 << 16)) {
            RingFile plain = RingFile.of(file);
            long[] sum = new long[1];
            CompletionHandler handler = (token, result) -> sum[0] += result;
            long perRequest = Long.MAX_VALUE;
            // once compiled; how long that takes depends on what else the machine does
            for (int round = 0; round < 60 && perRequest > 0; round++) {
                long before = Allocations.ofThisThread();
                run(ring, plain, handler, 20_000);
                perRequest = (Allocations.ofThisThread() - before) / 20_000;
                assertThat(sum[0]).isEqualTo((round + 1) * 20_000L * 512);
            }
            assertThat(perRequest).as("bytes per request").isZero();
        }
    }

    private void run(Ring ring, RingFile file, CompletionHandler handler, int count) {
        for (int i = 0; i < count; i++) {
            ring.read(file, memory, 0, 512, 0, i);
            ring.submitAndWait(1);
            ring.reap(handler);
        }
    }

    @Test
    void aTokenHoldsItsParts() {
        long token = RingToken.pack(-1, 0x1ABCDEF, 0x1FF);
        assertThat(RingToken.slot(token)).isEqualTo(-1);
        assertThat(RingToken.generation(token)).isEqualTo(0xABCDEF);
        assertThat(RingToken.op(token)).isEqualTo(0xFF);
    }
}
