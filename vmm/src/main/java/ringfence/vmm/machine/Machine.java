package ringfence.vmm.machine;

import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.process.Log;
import ringfence.vmm.boot.BootState;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.cpu.CpuFault;
import ringfence.vmm.cpu.VcpuEvents;
import ringfence.vmm.event.Event;
import ringfence.vmm.legacy.PowerListener;

/**
 * One machine, from its assembly to its end. Made and run by one thread, its owner; everybody else uses its {@link
 * MachineProxy}.
 */
final class Machine implements AutoCloseable {
    private final RuntimeOptions options;
    private final Log log;
    private final MachineProxy proxy;
    private final MachineParts parts;
    private final Runnable onFirstRun;

    /**
     * Assembles the machine: starts its daemons, takes its memory, opens KVM, plugs its devices in.
     *
     * @param admission of devices that are added while it runs
     * @param onFirstRun run by the first vCPU thread right before the guest's first instruction, not at its later boots;
     *     must be quick
     * @throws RuntimeException of the part that failed, with one line for the user; nothing is left behind
     */
    Machine(
            Linux linux,
            VmConfig config,
            RuntimeOptions options,
            Admission admission,
            MachineProxy proxy,
            Log log,
            Runnable onFirstRun) {
        this.options = options;
        this.log = log;
        this.onFirstRun = onFirstRun;
        this.proxy = proxy;
        parts = new MachineParts(linux, config, options, admission, proxy, log);
        proxy.publish(proxy.state().orElseThrow().with(parts.opened()).with(parts.devices()));
    }

    /**
     * Runs the guest until it or the user ends the machine.
     *
     * @param boot answered when the guest runs
     */
    Outcome run(MachineCommand.Ask boot) throws InterruptedException {
        MachineCommand.Ask waiting = boot;
        Event.Vm booted = Event.Vm.BOOTED;
        for (Runnable atFirstRun = onFirstRun; ; atFirstRun = () -> {}) {
            Processors processors = parts.newProcessors(new Events(atFirstRun));
            MachineCommand end;
            try {
                CompletableFuture<BootState> loading = parts.payloadInMemory();
                parts.newPorts(new Power(), processors);
                parts.standStill(false); // it may have been reset while it was paused
                BootState loaded = Payload.await(loading);
                tellVcpus(processors);
                processors.start(loaded);
                parts.hotPlug().guestRuns(processors);
                proxy.publish(proxy.state().orElseThrow().booted());
                proxy.events().tell(booted);
                waiting.done();
                end = serve(processors);
                if (bootsAgain(end)) {
                    proxy.events().tell(Event.Vm.REBOOTING);
                    booted = Event.Vm.REBOOTED;
                }
                if (end instanceof MachineCommand.Ask asked) {
                    waiting = asked; // until the next boot, or the machine's end; or it hears why that has failed
                }
                processors.stop();
                parts.hotPlug().guestStopped();
                MachineCommand asked = end;
                end = reset(end, waiting);
                if (!end.equals(asked)) {
                    waiting.refuse(VmException.wrongState("the VM was ended before it booted again"));
                    waiting = end instanceof MachineCommand.Ask ask ? ask : waiting;
                }
                proxy.forgetGuest();
            } catch (RuntimeException e) {
                waiting.refuse(e);
                throw e;
            } finally {
                parts.retire(processors);
            }
            Outcome outcome = verdict(end);
            if (outcome != null) {
                return outcome;
            }
        }
    }

    private void tellVcpus(Processors processors) {
        for (int cpu = 0; proxy.events().isOpen() && cpu < processors.count(); cpu++) {
            proxy.events().tell(new Event.VcpuCreated(cpu));
        }
    }

    /** Resets the devices. @return what ends this boot, after all: the user may end the machine meanwhile */
    private MachineCommand reset(MachineCommand end, MachineCommand.Ask waiting) throws InterruptedException {
        Resetting resetting = new Resetting(parts, proxy, log);
        if (bootsAgain(end)) {
            return resetting.thenBoot(waiting).orElse(end);
        }
        resetting.thenEnd();
        return end;
    }

    /** Serves commands until one ends this boot. */
    private MachineCommand serve(Processors processors) {
        while (true) {
            MachineCommand command = proxy.take();
            switch (command) {
                case MachineCommand.Run(Runnable work) -> work.run();
                case MachineCommand.Sign(Runnable answer) -> answer.run();
                case MachineCommand.Ask ask when !endsBoot(ask) -> answer(ask, processors);
                case MachineCommand.DeviceRefused(String device, String reason)
                when parts.hotPlug().refused(device, reason) -> {}
                case MachineCommand.DeviceFailed(String device, String reason) ->
                    parts.hotPlug().failed(device, reason);
                default -> {
                    return command;
                }
            }
        }
    }

    private static boolean bootsAgain(MachineCommand end) {
        return end instanceof MachineCommand.Reset
                || end instanceof MachineCommand.Ask ask && ask.request() instanceof VmRequest.Reboot;
    }

    private static boolean endsBoot(MachineCommand.Ask ask) {
        return switch (ask.request()) {
            case VmRequest.Reboot _, VmRequest.ShutDown _, VmRequest.Delete _ -> true;
            default -> false;
        };
    }

    private void answer(MachineCommand.Ask ask, Processors processors) {
        try {
            switch (ask.request()) {
                case VmRequest.Pause _ -> pause(processors);
                case VmRequest.Resume _ -> resume(processors);
                case VmRequest.Nmi _ -> processors.nmi();
                case VmRequest.PowerButton _ -> parts.powerButton();
                case VmRequest.Upgrade(String device) -> {
                    parts.hotPlug().upgrade(ask, device);
                    return; // it is answered when the new one serves
                }
                case VmRequest.ResizeDisk(String disk, long bytes) -> {
                    parts.hotPlug().resizeDisk(ask, disk, bytes);
                    return; // it is answered when the guest can see it
                }
                case VmRequest.Create _ ->
                    throw VmException.wrongState("there is a VM already: delete it before another one is created");
                case VmRequest.Boot _ -> throw VmException.wrongState("the VM is booted already");
                case VmRequest.Change(UnaryOperator<VmConfig> change, List<Fd> fds) -> {
                    CompletableFuture<Void> _ =
                            ask.answer().thenRun(() -> proxy.handed().add(fds)); // we answer
                    parts.hotPlug().change(ask, change);
                    return; // it is answered when the device is there
                }
                case VmRequest.Reboot _, VmRequest.ShutDown _, VmRequest.Delete _ -> throw new AssertionError(ask);
            }
            ask.done();
        } catch (RuntimeException e) {
            ask.refuse(e);
        }
    }

    private MachineStatus status() {
        return proxy.state().orElseThrow().status();
    }

    private void pause(Processors processors) {
        if (status() == MachineStatus.PAUSED) {
            throw VmException.wrongState("the VM is paused already");
        }
        proxy.events().tell(Event.Vm.PAUSING);
        processors.pause();
        parts.standStill(true);
        publish(MachineStatus.PAUSED);
        proxy.events().tell(Event.Vm.PAUSED);
    }

    private void resume(Processors processors) {
        if (status() != MachineStatus.PAUSED) {
            throw VmException.wrongState("the VM is not paused");
        }
        proxy.events().tell(Event.Vm.RESUMING);
        parts.standStill(false);
        processors.resume();
        publish(MachineStatus.RUNNING);
        proxy.events().tell(Event.Vm.RESUMED);
    }

    /** What follows from the command that ended a boot; null: another boot. */
    private Outcome verdict(MachineCommand end) {
        return switch (end) {
            case MachineCommand.Reset(String how) -> {
                ends("the guest resets (" + how + "): it boots again");
                yield null;
            }
            case MachineCommand.PowerOff _ -> {
                ends("the guest has powered off");
                yield stays(new Outcome.VmmEnds(Ending.ORDERLY));
            }
            case MachineCommand.ShutDown(String why) -> {
                ends("the VMM ends: " + why);
                yield new Outcome.VmmEnds(Ending.ORDERLY);
            }
            case MachineCommand.Ask ask
            when ask.request() instanceof VmRequest.Reboot -> {
                ends("the guest is reset: it boots again");
                yield null;
            }
            case MachineCommand.Ask ask -> {
                ends("the VM is shut down");
                yield new Outcome.Asked(ask);
            }
            case MachineCommand.Panic _ -> stays(tell(Ending.GUEST_PANIC, "the guest has panicked (pvpanic)"));
            case MachineCommand.Fault(CpuFault.TripleFault fault) ->
                stays(failed(Ending.TRIPLE_FAULT, fault.describe()));
            case MachineCommand.Fault(CpuFault.MemoryGone fault) -> memoryGone(fault);
            case MachineCommand.Fault(CpuFault fault) -> failed(Ending.FAILED, fault.describe());
            case MachineCommand.DeviceRefused(String device, String reason) -> {
                log.debug(() -> device + ": " + reason); // the device's own log has told it
                yield new Outcome.VmmEnds(Ending.REFUSED);
            }
            case MachineCommand.Run _, MachineCommand.Sign _, MachineCommand.DeviceFailed _ ->
                throw new AssertionError(end);
        };
    }

    private void ends(String why) {
        log.info(why);
        proxy.events().tell(new Event.Ends(why));
    }

    /** That is somebody's doing outside, and the guest's end alone. */
    private Outcome memoryGone(CpuFault.MemoryGone fault) {
        String line = fault.describe()
                + parts.missingMemory().map(what -> ": " + what).orElse("");
        return stays(failed(Ending.FAILED, line));
    }

    /** What is the guest's end alone is not the VMM's, where that was asked to outlive its guests. */
    private Outcome stays(Outcome otherwise) {
        return options.noShutdown() ? new Outcome.PoweredOff() : otherwise;
    }

    private Outcome failed(Ending ending, String line) {
        if (proxy.events().isOpen()) {
            proxy.events().tell(new Event.MachineFailed(line));
        }
        return tell(ending, line);
    }

    private Outcome tell(Ending ending, String line) {
        log.error(line);
        return new Outcome.VmmEnds(ending);
    }

    private void publish(MachineStatus status) {
        proxy.publish(proxy.state().orElseThrow().with(status));
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
