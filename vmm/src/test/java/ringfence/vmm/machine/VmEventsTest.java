package ringfence.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.agrona.concurrent.UnsafeBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Errno;
import ringfence.linux.FaultInjector;
import ringfence.linux.Linux;
import ringfence.linux.NativeKernel;
import ringfence.linux.Syscall;
import ringfence.option.JsonReader;
import ringfence.process.Log;
import ringfence.process.Program;
import ringfence.sandbox.FilterMode;
import ringfence.vmm.config.BalloonConfig;
import ringfence.vmm.config.HostLimits;
import ringfence.vmm.config.PmemConfig;
import ringfence.vmm.config.Problem;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.device.local.Watchdog;
import ringfence.vmm.event.Event;
import ringfence.vmm.event.Event.Vm;
import ringfence.vmm.event.EventSink;

/** The events of a VM's life, in Cloud Hypervisor's order. Needs /dev/kvm, of whatever kind: the guests do hardly anything. */
@Timeout(120)
class VmEventsTest {
    private static final int KVM_RUN = 0xAE80;
    /** Of each boot: these VMs have one. */
    private static final Event VCPU = new Event.VcpuCreated(0);

    private static final String PROCESSORS = "/proc/cpuinfo";

    @TempDir
    Path folder;

    private final List<Event> told = new CopyOnWriteArrayList<>();
    private final List<String> ends = new CopyOnWriteArrayList<>();
    private final EventSink events = new EventSink() {
        @Override
        public boolean isOpen() {
            return true;
        }

        @Override
        public void tell(Event event) {
            switch (event) {
                case Event.Ends(String reason) -> ends.add(reason); // which --event-monitor does not have
                default -> told.add(event);
            }
        }
    };
    private final AtomicBoolean gone = new AtomicBoolean();
    private final Arena arena = Arena.ofShared();
    private Vmm vmm;
    private CompletableFuture<Ending> ending;

    @BeforeEach
    void aVmm() {
        assumeThat(Path.of("/dev/kvm")).isWritable();
        vmm = vmm(false);
    }

    @AfterEach
    void ends() {
        vmm.proxy().shutDownVmm("the test ends");
        arena.close();
        Program.run("test", new PrintStream(OutputStream.nullOutputStream()), () -> 0); // drops the log
    }

    private Vmm vmm(boolean noShutdown) {
        told.clear();
        return new Vmm(
                onAnyKvm(),
                new RuntimeOptions(folder, noShutdown, FilterMode.TRUE, Optional.empty(), Optional.empty()),
                new AnyHost(),
                events,
                Log.of("machine"),
                () -> {});
    }

    private record AnyHost() implements Admission {
        @Override
        public VmConfig complete(VmConfig config) {
            return config;
        }

        @Override
        public List<Problem> problems(VmConfig config) {
            return config.problems(new HostLimits(64, 1L << 40));
        }

        @Override
        public List<Problem> problemsHere(VmConfig config) {
            return List.of();
        }
    }

    /** The running kernel, of whose processor nothing is known: what stock kernels need is not needed here. */
    private Linux onAnyKvm() {
        FaultInjector kernel = new FaultInjector(new NativeKernel());
        long nothing = arena.allocateFrom("/dev/null").address();
        kernel.inject(
                Syscall.OPENAT,
                (folder, path, flags) -> text(path).equals(PROCESSORS),
                (through, call, a) -> through.call(call, a[0], nothing, a[2], a[3], a[4], a[5]));
        kernel.inject(
                Syscall.IOCTL,
                (kvm, request, _) -> request == KVM_RUN && gone.get(),
                (_, _, _) -> -Errno.EFAULT.number());
        return new Linux(kernel);
    }

    private static String text(long address) {
        UnsafeBuffer bytes = new UnsafeBuffer(address, PROCESSORS.length() + 1);
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < bytes.capacity() && bytes.getByte(i) != 0; i++) {
            text.append((char) bytes.getByte(i));
        }
        return text.toString();
    }

    private VmConfig config(byte[] kernel) throws Exception {
        Path file = Files.write(folder.resolve("kernel"), kernel);
        return VmConfig.TABLE.read(JsonReader.read("{\"payload\":{\"kernel\":\"" + file
                + "\"},\"memory\":{\"size\":67108864},\"console\":{\"mode\":\"Off\"},\"serial\":{\"mode\":\"Null\"}}"));
    }

    private void run() {
        ending = new CompletableFuture<>();
        Thread.ofPlatform().daemon().name("machine").start(() -> {
            try {
                ending.complete(vmm.run());
            } catch (InterruptedException | RuntimeException e) {
                ending.completeExceptionally(e);
            }
        });
    }

    private void ask(VmRequest request) throws Exception {
        vmm.proxy().ask(request).get(60, TimeUnit.SECONDS);
    }

    private Ending ended() throws Exception {
        return ending.get(60, TimeUnit.SECONDS);
    }

    @Test
    void aLifeOverTheApi() throws Exception {
        VmConfig config = config(TestKernels.halting());
        run();
        ask(new VmRequest.Create(config));
        ask(new VmRequest.Boot());
        ask(new VmRequest.Pause());
        ask(new VmRequest.Resume());
        ask(new VmRequest.Reboot());
        ask(new VmRequest.ShutDown());
        ask(new VmRequest.Boot());
        ask(new VmRequest.Delete());
        ask(new VmRequest.Delete()); // of nothing: no event
        ask(new VmRequest.Create(config));
        vmm.proxy().shutDownVmm("enough");
        assertThat(ended()).isEqualTo(Ending.ORDERLY);
        assertThat(told)
                .containsExactly(
                        Event.Vmm.STARTING,
                        Vm.BOOTING,
                        VCPU,
                        Vm.BOOTED,
                        Vm.PAUSING,
                        Vm.PAUSED,
                        Vm.RESUMING,
                        Vm.RESUMED,
                        Vm.REBOOTING,
                        VCPU,
                        Vm.REBOOTED,
                        Vm.SHUTDOWN,
                        Vm.BOOTING,
                        VCPU,
                        Vm.BOOTED,
                        Vm.SHUTDOWN,
                        Vm.DELETED,
                        Vm.DELETED, // of the second VM, which was never booted
                        Event.Vmm.SHUTDOWN);
        assertThat(ends)
                .containsExactly(
                        "the guest is reset: it boots again",
                        "the VM is shut down",
                        "the VM is shut down",
                        "the VMM ends: enough");
    }

    /** For a watchdog: whether there is a guest, and whatever that does. One that is asked for as a boot ends is not lost. */
    @Test
    void theOwnerGivesSignsOfLife() throws Exception {
        VmConfig config = config(TestKernels.halting());
        run();
        for (VmRequest request : List.of(
                new VmRequest.Create(config),
                new VmRequest.Boot(),
                new VmRequest.Pause(),
                new VmRequest.Reboot(),
                new VmRequest.ShutDown(),
                new VmRequest.Boot(),
                new VmRequest.Delete())) {
            CountDownLatch signs = new CountDownLatch(2);
            CompletableFuture<?> asked = vmm.proxy().ask(request);
            vmm.proxy().askForSign(signs::countDown);
            asked.get(60, TimeUnit.SECONDS);
            vmm.proxy().askForSign(signs::countDown);
            assertThat(signs.await(60, TimeUnit.SECONDS)).as(request.toString()).isTrue();
        }
    }

    @Test
    void aGuestThatPowersOff() throws Exception {
        vmm.take(config(TestKernels.poweringOff()));
        run();
        assertThat(ended()).isEqualTo(Ending.ORDERLY);
        assertThat(told)
                .containsExactly(
                        Event.Vmm.STARTING, Vm.BOOTING, VCPU, Vm.BOOTED, Vm.SHUTDOWN, Vm.DELETED, Event.Vmm.SHUTDOWN);
        assertThat(ends).containsExactly("the guest has powered off");
    }

    @Test
    void aDriverThatMakesADeviceRunAndResetsIt() throws Exception {
        vmm.take(config(TestKernels.driving()));
        run();
        assertThat(ended()).isEqualTo(Ending.ORDERLY);
        assertThat(told).hasSize(9);
        assertThat(told)
                .containsSubsequence(
                        Vm.BOOTING,
                        new Event.DeviceActivated("__rng"),
                        new Event.DeviceReset("__rng"),
                        Vm.SHUTDOWN,
                        Vm.DELETED,
                        Event.Vmm.SHUTDOWN);
    }

    @Test
    void aGuestThatPowersOffAndWhoseConfigurationStays() throws Exception {
        vmm = vmm(true);
        vmm.take(config(TestKernels.poweringOff()));
        run();
        while (!told.contains(Vm.SHUTDOWN)) {
            Thread.sleep(10);
        }
        ask(new VmRequest.Delete());
        assertThat(told).containsExactly(Event.Vmm.STARTING, Vm.BOOTING, VCPU, Vm.BOOTED, Vm.SHUTDOWN, Vm.DELETED);
    }

    @Test
    void aGuestThatCannotGoOn() throws Exception {
        vmm.take(config(TestKernels.failing()));
        run();
        assertThat(ended()).isEqualTo(Ending.TRIPLE_FAULT);
        assertThat(told).hasSize(8).contains(Vm.SHUTDOWN, Vm.DELETED, Event.Vmm.SHUTDOWN);
        assertThat(told.get(4))
                .isInstanceOfSatisfying(
                        Event.MachineFailed.class,
                        failed -> assertThat(failed.reason()).contains("triple fault"));
    }

    @Test
    void aVmWhoseBalloonIsResized() throws Exception {
        run();
        ask(new VmRequest.Create(withBalloon(config(TestKernels.halting()), 0)));
        ask(new VmRequest.Boot());
        ask(new VmRequest.Change(config -> withBalloon(config, 4096)));
        ask(new VmRequest.Change(config -> withBalloon(config, 4096)));
        assertThat(told)
                .endsWith(Vm.RESIZING, Vm.RESIZED)
                .containsOnlyOnce(Vm.RESIZING)
                .containsSubsequence(Vm.BOOTED, Vm.RESIZING);
    }

    private static VmConfig withBalloon(VmConfig config, int bytes) {
        return config.with(config.cpus(), config.memory(), Optional.of(BalloonConfig.TABLE.parse("size=" + bytes)));
    }

    /** Another one may do better. */
    @Test
    void aGuestThatCannotGoOnAndWhoseVmmStays() throws Exception {
        vmm = vmm(true);
        run();
        for (int i = 1; i <= 2; i++) {
            ask(new VmRequest.Create(config(TestKernels.failing())));
            ask(new VmRequest.Boot());
            while (Collections.frequency(told, Vm.SHUTDOWN) < i) {
                Thread.sleep(10);
            }
            ask(new VmRequest.Delete());
        }
        vmm.proxy().shutDownVmm("enough");
        assertThat(ended()).isEqualTo(Ending.ORDERLY);
    }

    @Test
    void aGuestThatFallsSilentIsResetByItsWatchdog() throws Exception {
        Path file = Files.write(folder.resolve("kernel"), TestKernels.fallingSilent());
        vmm.take(VmConfig.TABLE.read(JsonReader.read("{\"payload\":{\"kernel\":\"" + file
                + "\"},\"memory\":{\"size\":67108864},\"console\":{\"mode\":\"Off\"},\"watchdog\":true}")));
        long start = System.nanoTime();
        run();
        while (!told.contains(Vm.REBOOTED)) {
            Thread.sleep(10);
        }
        assertThat(System.nanoTime() - start).isBetween(Watchdog.PATIENCE, 2 * Watchdog.PATIENCE);
        assertThat(told)
                .containsSubsequence(Vm.BOOTING, new Event.DeviceActivated("__watchdog"), Vm.REBOOTING, Vm.REBOOTED);
        vmm.proxy().shutDownVmm("enough");
        assertThat(ended()).isEqualTo(Ending.ORDERLY);
        assertThat(ends.getFirst())
                .isEqualTo("the guest resets (the watchdog has heard nothing for 20 s): it boots again");
    }

    /**
     * What becomes of a file under a guest is the guest's end, not the VMM's. What KVM answers where the processor looks the
     * guest's memory up is said for it here: one that emulates takes the access for one of a device's registers.
     */
    @Test
    void aGuestWhoseMemoryIsCutShort() throws Exception {
        vmm = vmm(true);
        run();
        Path file = folder.resolve("pmem");
        for (int i = 0; i < 2; i++) {
            Files.write(file, new byte[2 << 20]);
            VmConfig config = config(TestKernels.counting(0xC100_0000));
            ask(new VmRequest.Create(config.plus(PmemConfig.TABLE.parse("file=" + file))));
            ask(new VmRequest.Boot());
            byte[] first = new byte[1];
            try (RandomAccessFile seen = new RandomAccessFile(file.toFile(), "rw")) {
                while (first[0] == 0) {
                    seen.seek(0);
                    seen.readFully(first);
                }
                seen.setLength(0);
            }
            gone.set(true);
            while (!told.contains(Vm.SHUTDOWN)) {
                Thread.sleep(10);
            }
            assertThat(told)
                    .contains(new Event.MachineFailed("vCPU 0 touched memory that is not there any more: the file of"
                            + " _pmem0 has been made shorter"));
            assertThatThrownBy(() -> ask(new VmRequest.Boot()))
                    .cause()
                    .isInstanceOfSatisfying(
                            VmException.class,
                            why -> assertThat(why.lines()).anyMatch(line -> line.contains("is no multiple of 2M")));
            gone.set(false);
            ask(new VmRequest.Delete());
            told.clear();
        }
    }

    /** Nothing follows the beginning of what fails. */
    @Test
    void aBootThatFails() throws Exception {
        run();
        ask(new VmRequest.Create(config("no kernel".getBytes(StandardCharsets.US_ASCII))));
        assertThatThrownBy(() -> ask(new VmRequest.Boot())).isInstanceOf(ExecutionException.class);
        ask(new VmRequest.Delete());
        assertThat(told).containsExactly(Event.Vmm.STARTING, Vm.BOOTING, Vm.DELETED);
    }
}
