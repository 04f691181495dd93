package ringfence.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ringfence.linux.Errno;
import ringfence.linux.FaultInjector;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.NativeKernel;
import ringfence.linux.Syscall;
import ringfence.process.BadInputException;
import ringfence.vmm.bus.BusTable;
import ringfence.vmm.config.CpusConfig;
import ringfence.vmm.cpu.CpuFault;
import ringfence.vmm.cpu.EntryPoint;
import ringfence.vmm.cpu.VcpuEvents;
import ringfence.vmm.cpu.VcpuSetup;
import ringfence.vmm.cpu.VcpuState;
import ringfence.vmm.cpu.VcpuThread;
import ringfence.vmm.kvm.Kvm;
import ringfence.vmm.kvm.KvmException;
import ringfence.vmm.kvm.Vcpu;
import ringfence.vmm.kvm.Vm;

/** Two vCPUs that spin, and what their threads ask of the kernel before that. Needs /dev/kvm, of whatever kind. */
@Timeout(60)
class VcpuPlacementTest {
    private static final int CODE = 0x1000;
    private static final int KVM_RUN = 0xAE80;
    private static final int PR_SCHED_CORE = 62;
    private static final int CREATE = 1;
    private static final int SHARE_FROM = 3;
    private static final long PATIENCE = TimeUnit.SECONDS.toNanos(20);

    /** By thread, its number as the kernel has it, and what it did: a cookie, or KVM_RUN, once each. */
    private record Step(String thread, String did, long of) {}

    private final FaultInjector kernel = new FaultInjector(new NativeKernel());
    private final Linux linux = new Linux(kernel);
    private final List<Step> steps = new CopyOnWriteArrayList<>();
    private final BlockingQueue<CpuFault> faults = new LinkedBlockingQueue<>();
    private final List<Vcpu> vcpus = new ArrayList<>();
    private final List<VcpuThread> threads = new ArrayList<>();
    private Kvm kvm;
    private Vm vm;
    private Mapping memory;

    private final VcpuEvents events = new VcpuEvents() {
        @Override
        public void firstRun(int cpu) {}

        @Override
        public void systemEvent(int cpu, int type) {}

        @Override
        public void fault(CpuFault fault) {
            faults.add(fault);
        }
    };

    private void start(String cpus) {
        try {
            kvm = Kvm.open(linux, Kvm.DEVICE);
        } catch (KvmException e) {
            assumeTrue(false, e.getMessage());
        }
        kernel.inject(Syscall.IOCTL, (fd, request, argument) -> request == KVM_RUN, (through, call, a) -> {
            done("run", 0);
            return through.call(call, a[0], a[1], a[2], a[3], a[4], a[5]);
        });
        memory = linux.memory().mapAnonymous(0x1_0000);
        memory.segment().asByteBuffer().put(CODE, (byte) 0xEB).put(CODE + 1, (byte) 0xFE); // jmp $
        vm = kvm.createVm();
        vm.memorySlot(0, 0, 0x1_0000, memory.address(), 0);
        for (int cpu = 0; cpu < 2; cpu++) {
            Vcpu vcpu = vm.createVcpu(cpu);
            vcpus.add(vcpu);
            VcpuSetup.boot(vcpu, new EntryPoint(CODE, 0, 0, 0x8000, 0x500));
            threads.add(new VcpuThread(linux, vcpu, new BusTable(), new Counters().exits(cpu), events));
        }
        new VcpuPlacement(linux, CpusConfig.TABLE.parse("boot=2," + cpus)).start(threads, events);
    }

    private void done(String what, long of) {
        Step step = new Step(Thread.currentThread().getName(), what, of);
        if (!what.equals("run") || !steps.contains(step)) {
            steps.add(step);
        }
    }

    /** Answers as a kernel with hyperthreads, or fails. */
    private void coreScheduling(Errno failure) {
        kernel.inject(Syscall.PRCTL, (option, command, thread) -> option == PR_SCHED_CORE, (_, _, a) -> {
            if (failure == null) {
                done(a[1] == CREATE ? "create" : a[1] == SHARE_FROM ? "share" : "?", a[2]);
            }
            return failure == null ? 0 : -failure.number();
        });
    }

    private List<String> of(String thread) {
        return steps.stream()
                .filter(step -> step.thread.equals(thread))
                .map(Step::did)
                .toList();
    }

    private void awaitRunning() throws InterruptedException {
        while (!of("vcpu0").contains("run") || !of("vcpu1").contains("run")) {
            assertThat(faults).isEmpty();
            Thread.sleep(1);
        }
    }

    @AfterEach
    void takesItApart() throws InterruptedException {
        threads.forEach(VcpuThread::stop);
        for (VcpuThread thread : threads) {
            assertThat(thread.join(PATIENCE)).isTrue();
        }
        vcpus.forEach(Vcpu::close);
        if (vm != null) {
            vm.close();
            memory.close();
            kvm.close();
        }
    }

    /** C-38, and Cloud Hypervisor's default. */
    @Test
    void theVcpusOfAVmShareOneCookieBeforeTheyRun() throws Exception {
        coreScheduling(null);
        start("nested=on");
        awaitRunning();
        Step made = steps.stream()
                .filter(step -> step.did.equals("create"))
                .findFirst()
                .orElseThrow();
        assertThat(of(made.thread)).containsExactly("create", "run");
        String other = made.thread.equals("vcpu0") ? "vcpu1" : "vcpu0";
        assertThat(of(other)).containsExactly("share", "run");
        long leader = steps.stream()
                .filter(step -> step.did.equals("share"))
                .findFirst()
                .orElseThrow()
                .of;
        assertThat(Files.readString(Path.of("/proc/self/task/" + leader + "/comm"))
                        .strip())
                .isEqualTo(made.thread);
    }

    @Test
    void eachVcpuHasACookieOfItsOwnWhereThatIsAskedFor() throws Exception {
        coreScheduling(null);
        start("core_scheduling=vcpu");
        awaitRunning();
        assertThat(of("vcpu0")).containsExactly("create", "run");
        assertThat(of("vcpu1")).containsExactly("create", "run");
    }

    /** The one that has it was stopped, and its thread is gone: the next makes one. */
    @Test
    void oneThatFindsTheOtherGoneMakesItsOwn() throws Exception {
        kernel.inject(Syscall.PRCTL, (option, command, thread) -> option == PR_SCHED_CORE, (_, _, a) -> {
            done(a[1] == CREATE ? "create" : "share", a[2]);
            return a[1] == CREATE ? 0 : -Errno.ESRCH.number();
        });
        start("nested=on");
        awaitRunning();
        assertThat(List.of(of("vcpu0"), of("vcpu1")))
                .containsExactlyInAnyOrder(List.of("create", "run"), List.of("share", "create", "run"));
    }

    @Test
    void noneHasOneWhereItIsOff() throws Exception {
        coreScheduling(null);
        start("core_scheduling=off");
        awaitRunning();
        assertThat(steps).extracting(Step::did).containsOnly("run");
    }

    @ParameterizedTest
    @EnumSource(
            value = Errno.class,
            names = {"EINVAL", "ENODEV"})
    void aKernelWithoutItAndAHostWithoutHyperthreadsRunThem(Errno without) throws Exception {
        coreScheduling(without);
        start("core_scheduling=vm");
        awaitRunning();
    }

    /** It is a protection: a guest does not run without it by chance. */
    @Test
    void oneThatCannotHaveItDoesNotRun() throws Exception {
        coreScheduling(Errno.ENOMEM);
        start("core_scheduling=vcpu");
        for (int cpu = 0; cpu < 2; cpu++) {
            CpuFault fault = faults.poll(PATIENCE, TimeUnit.NANOSECONDS);
            assertThat(fault).isNotNull();
            assertThat(fault.describe()).contains("--cpus core_scheduling: prctl(PR_SCHED_CORE_CREATE): ENOMEM");
        }
        assertThat(steps).isEmpty();
    }

    /** Where the host has what the test before pretends. */
    @Test
    void theKernelTellsTheCookiesOfTheThreads() throws Exception {
        start("core_scheduling=vm");
        awaitRunning();
        OptionalLong first = linux.processes().coreCookie(taskOf("vcpu0"));
        assumeTrue(first.isPresent(), "no core scheduling here, or no hyperthreads");
        assertThat(first.getAsLong()).isNotZero();
        assertThat(linux.processes().coreCookie(taskOf("vcpu1"))).isEqualTo(first);
        assertThat(linux.processes().coreCookie(linux.processes().threadId())).hasValue(0);
    }

    /** C-35. */
    @Test
    void aVcpuRunsOnItsCpusAndTheOthersAnywhere() throws Exception {
        String anywhere = cpusOf(linux.processes().threadId());
        int cpu = Integer.parseInt(anywhere.split("[-,]", -1)[0]);
        start("affinity=[1@[" + cpu + ",8191]]");
        assertThat(cpusOf(taskOf("vcpu1"))).isEqualTo(Integer.toString(cpu));
        awaitRunning();
        assertThat(cpusOf(taskOf("vcpu0"))).isEqualTo(anywhere);
    }

    @Test
    void cpusThatThereAreNotAreNamed() throws Exception {
        assertThatThrownBy(() -> start("affinity=[1@[8190,8191]]"))
                .isInstanceOf(BadInputException.class)
                .hasMessageStartingWith("--cpus affinity: this process has none of the CPUs [8190, 8191] of vCPU 1");
        assertThat(threads.get(1).join(PATIENCE)).isTrue();
        assertThat(threads.get(1).state()).isEqualTo(VcpuState.STOPPED);
        assertThat(of("vcpu1")).isEmpty();
    }

    private static int taskOf(String thread) throws IOException {
        try (var tasks = Files.list(Path.of("/proc/self/task"))) {
            for (Path task : tasks.toList()) {
                if (Files.readString(task.resolve("comm")).strip().equals(thread)) {
                    return Integer.parseInt(task.getFileName().toString());
                }
            }
        }
        throw new AssertionError("no thread " + thread);
    }

    private static String cpusOf(int task) throws IOException {
        return Files.readAllLines(Path.of("/proc/self/task/" + task + "/status")).stream()
                .filter(line -> line.startsWith("Cpus_allowed_list:"))
                .map(line -> line.substring(line.indexOf(':') + 1).strip())
                .findFirst()
                .orElseThrow();
    }
}
