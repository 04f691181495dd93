package ringfence.vmm.machine;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import ringfence.linux.Linux;
import ringfence.process.Log;
import ringfence.vmm.boot.BootState;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.cpu.CpuFault;
import ringfence.vmm.cpu.VcpuEvents;
import ringfence.vmm.legacy.PowerListener;

/**
 * One VM, from its assembly to its end. Made and run by one thread, its owner; everybody else uses {@link #proxy}.
 */
public final class Machine implements AutoCloseable {
    /** What a daemon gets to stop its queues when the machine is reset or ends. */
    private static final long RESET_NANOS = TimeUnit.SECONDS.toNanos(10);

    private final RuntimeOptions options;
    private final Log log;
    private final MachineProxy proxy;
    private final MachineParts parts;
    private final Runnable onFirstRun;

    /**
     * Assembles the machine: starts its daemons, takes its memory, opens KVM, plugs its devices in.
     *
     * @param onFirstRun run by the first vCPU thread right before the guest's first instruction, not at its later boots;
     *     must be quick
     * @throws RuntimeException of the part that failed, with one line for the user; nothing is left behind
     */
    public Machine(Linux linux, VmConfig config, RuntimeOptions options, Log log, Runnable onFirstRun) {
        this.options = options;
        this.log = log;
        this.onFirstRun = onFirstRun;
        proxy = new MachineProxy(MachineState.of(config));
        parts = new MachineParts(linux, config, options, proxy, log);
    }

    /** The way for other threads. */
    public MachineProxy proxy() {
        return proxy;
    }

    /** Runs the guest until it or the user ends the machine. */
    public Ending run() throws InterruptedException {
        for (Runnable atFirstRun = onFirstRun; ; atFirstRun = () -> {}) {
            Processors processors = parts.newProcessors(new Events(atFirstRun));
            MachineCommand end;
            try {
                CompletableFuture<BootState> loading = parts.payloadInMemory();
                parts.newPorts(new Power(), processors);
                processors.start(Payload.await(loading));
                publish(MachineStatus.RUNNING);
                end = serve();
                processors.stop();
                parts.reset(RESET_NANOS);
                proxy.forgetGuest();
            } catch (TimeoutException e) {
                log.error(e.getMessage());
                return Ending.FAILED;
            } finally {
                parts.retire(processors);
            }
            Ending ending = verdict(end);
            if (ending != null) {
                return ending;
            }
        }
    }

    /** Serves commands until one ends this boot. */
    private MachineCommand serve() {
        while (true) {
            MachineCommand command = proxy.take();
            if (command instanceof MachineCommand.Run(Runnable work)) {
                work.run();
            } else {
                return command;
            }
        }
    }

    /** What follows from the command that ended a boot: an ending, or null for another boot. */
    private Ending verdict(MachineCommand end) {
        return switch (end) {
            case MachineCommand.Reset(String how) -> {
                log.info("the guest resets (" + how + "): it boots again");
                yield null;
            }
            case MachineCommand.PowerOff _ -> {
                log.info("the guest has powered off");
                yield options.noShutdown() ? idle() : Ending.ORDERLY;
            }
            case MachineCommand.ShutDown(String why) -> {
                log.info("the VMM ends: " + why);
                yield Ending.ORDERLY;
            }
            case MachineCommand.Panic _ -> tell(Ending.GUEST_PANIC, "the guest has panicked (pvpanic)");
            case MachineCommand.Fault(CpuFault.TripleFault fault) -> tell(Ending.TRIPLE_FAULT, fault.describe());
            case MachineCommand.Fault(CpuFault fault) -> tell(Ending.FAILED, fault.describe());
            case MachineCommand.DeviceRefused(String device, String reason) -> {
                log.debug(() -> device + ": " + reason); // the device's own log has told it
                yield Ending.REFUSED;
            }
            case MachineCommand.Run _ -> throw new AssertionError(end);
        };
    }

    private Ending tell(Ending ending, String line) {
        log.error(line);
        return ending;
    }

    /** {@code --no-shutdown}: the guest is off, the VMM answers its API until it is told to end. */
    private Ending idle() {
        publish(MachineStatus.SHUTDOWN);
        while (true) {
            if (serve() instanceof MachineCommand.ShutDown(String why)) {
                log.info("the VMM ends: " + why);
                return Ending.ORDERLY;
            }
        }
    }

    private void publish(MachineStatus status) {
        proxy.publish(proxy.state().with(status));
    }

    /** Ends the devices and gives everything back. */
    @Override
    public void close() {
        parts.close();
    }

    /** From the vCPU threads. */
    private final class Events implements VcpuEvents {
        private final Runnable onFirstRun;

        Events(Runnable onFirstRun) {
            this.onFirstRun = onFirstRun;
        }

        @Override
        public void firstRun(int cpu) {
            if (cpu == 0) {
                onFirstRun.run();
            }
        }

        @Override
        public void systemEvent(int cpu, int type) {
            proxy.post(new MachineCommand.Reset("KVM system event " + type));
        }

        @Override
        public void fault(CpuFault fault) {
            proxy.post(new MachineCommand.Fault(fault));
        }
    }

    /** From the power and reset ports. */
    private final class Power implements PowerListener {
        @Override
        public void poweroff() {
            proxy.post(new MachineCommand.PowerOff());
        }

        @Override
        public void reset() {
            proxy.post(new MachineCommand.Reset("reset port"));
        }
    }
}
