package ringfence.vmm.machine;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.process.Log;
import ringfence.vmm.config.RuntimeOptions;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.event.Event;
import ringfence.vmm.event.EventSink;
import ringfence.vmm.machine.VmException.Reason;
import ringfence.vmm.supervise.LastWill;
import ringfence.vmm.supervise.RuntimeDirectory;

/**
 * The VMM over the lives of its VM: configured, booted, ended, booted again, forgotten. Made and run by one thread, the
 * owner; everybody else uses {@link #proxy}.
 */
public final class Vmm {
    private final Linux linux;
    private final RuntimeOptions options;
    private final Admission admission;
    private final Log log;
    private final MachineProxy proxy;
    private final LastWill will;
    private Runnable onFirstRun;

    /**
     * A VMM without a VM; it starts, as it tells.
     *
     * @param events told what happens
     * @param onFirstRun run by the first vCPU thread right before the first guest's first instruction, not at later
     *     boots; must be quick
     */
    public Vmm(
            Linux linux, RuntimeOptions options, Admission admission, EventSink events, Log log, Runnable onFirstRun) {
        this.linux = linux;
        this.options = options;
        this.admission = admission;
        this.log = log;
        this.onFirstRun = onFirstRun;
        will = new LastWill(linux, options.home());
        proxy = new MachineProxy(events, will, new TerminalInput(linux, Fd.own(linux.kernel(), 0)));
        events.tell(Event.Vmm.STARTING);
    }

    /** The way for other threads. */
    public MachineProxy proxy() {
        return proxy;
    }

    /** Takes a VM that is to be booted first of all. Before {@link #run}. @param config admitted */
    public void take(VmConfig config) {
        proxy.publish(MachineState.of(config));
    }

    /**
     * Boots the VM that was taken, if one was, and serves until the user ends the VMM, or a guest does.
     *
     * @throws RuntimeException of the part of the first VM's machine that failed, with one line for the user; nothing is
     *     left behind
     */
    public Ending run() throws InterruptedException {
        try {
            return bootAndServe();
        } finally {
            proxy.closeConsoles();
            tellDeleted();
            proxy.events().tell(Event.Vmm.SHUTDOWN);
            will.close();
        }
    }

    private Ending bootAndServe() throws InterruptedException {
        Optional<MachineState> first = proxy.state();
        if (first.isPresent()) {
            Optional<Ending> ending = follow(live(first.get().config(), new MachineCommand.Ask(new VmRequest.Boot())));
            if (ending.isPresent()) {
                return ending.get();
            }
        }
        return serve();
    }

    private Ending serve() throws InterruptedException {
        while (true) {
            switch (proxy.take()) {
                case MachineCommand.ShutDown(String why) -> {
                    log.info("the VMM ends: " + why);
                    proxy.events().tell(new Event.Ends("the VMM ends: " + why));
                    return Ending.ORDERLY;
                }
                case MachineCommand.Ask ask -> {
                    Optional<Ending> ending = answer(ask);
                    if (ending.isPresent()) {
                        return ending.get();
                    }
                }
                case MachineCommand.Sign(Runnable answer) -> answer.run();
                default -> {} // of a machine that is gone
            }
        }
    }

    /** Answers a request while no machine is there. @return the VMM's end, if it comes of it */
    private Optional<Ending> answer(MachineCommand.Ask ask) throws InterruptedException {
        try {
            if (ask.request() instanceof VmRequest.Boot) {
                return boot(ask);
            }
            change(ask.request());
            ask.done();
        } catch (VmException e) {
            ask.refuse(e);
        }
        return Optional.empty();
    }

    private void change(VmRequest request) {
        switch (request) {
            case VmRequest.Create(VmConfig config) -> {
                if (proxy.state().isPresent()) {
                    throw VmException.wrongState("there is a VM already: delete it before another one is created");
                }
                create(config);
            }
            case VmRequest.Change(var change, List<Fd> fds) -> {
                proxy.publish(MachineState.of(admitted(change.apply(config()))));
                proxy.handed().add(fds);
                proxy.handed().keepFor(config());
            }
            case VmRequest.Delete _ -> forget();
            case VmRequest.Boot _ -> throw new AssertionError(request);
            case VmRequest.Pause _,
                    VmRequest.Resume _,
                    VmRequest.Reboot _,
                    VmRequest.Upgrade _,
                    VmRequest.ResizeDisk _,
                    VmRequest.ShutDown _,
                    VmRequest.Nmi _,
                    VmRequest.PowerButton _ -> {
                config();
                throw VmException.wrongState("the VM is not booted");
            }
        }
    }

    private void tellDeleted() {
        if (proxy.state().isPresent()) {
            proxy.events().tell(Event.Vm.DELETED);
        }
    }

    private void forget() {
        tellDeleted();
        proxy.publish(null);
        proxy.closeConsoles();
        proxy.handed().keepFor(null);
    }

    private VmConfig config() {
        return proxy.state().orElseThrow(VmException::notCreated).config();
    }

    private VmConfig admitted(VmConfig config) {
        VmConfig complete = admission.complete(config);
        VmException.throwIfAny(admission.problems(complete));
        return complete;
    }

    private void create(VmConfig config) {
        VmConfig complete = admitted(config);
        try {
            Consoles consoles = proxy.consoles(linux, complete);
            complete.consoleSockets().forEach(socket -> will.names(Path.of(socket)));
            proxy.publish(MachineState.of(consoles.opened(complete)));
        } catch (RuntimeException e) { // of a console: there is none of them then
            log.error("the VM is not created: " + e.getMessage(), e);
            throw new VmException(Reason.FAILED, String.valueOf(e.getMessage()));
        }
    }

    private Optional<Ending> boot(MachineCommand.Ask ask) throws InterruptedException {
        VmConfig config = config();
        VmException.failIfAny(admission.problemsHere(config));
        try {
            return follow(live(config, ask));
        } catch (RuntimeException e) { // of the host, or of what was given: the VM stays as it was before it was booted
            proxy.forgetMachine();
            proxy.publish(MachineState.of(config));
            RuntimeException why = Refusal.of(e);
            log.error("the VM is not booted: " + why.getMessage(), e);
            ask.refuse(new VmException(Reason.FAILED, lines("the VM could not boot", why)));
            return Optional.empty();
        }
    }

    private static List<String> lines(String first, RuntimeException why) {
        return Stream.concat(Stream.of(first), Optional.ofNullable(why.getMessage()).stream())
                .toList();
    }

    private Outcome live(VmConfig config, MachineCommand.Ask boot) throws InterruptedException {
        Runnable first = onFirstRun;
        onFirstRun = () -> {};
        proxy.events().tell(Event.Vm.BOOTING);
        will.names(RuntimeDirectory.pathOf(linux));
        try (Machine machine = new Machine(linux, config, options, admission, proxy, log, first)) {
            return machine.run(boot);
        } finally {
            if (proxy.state().orElseThrow().status() != MachineStatus.CREATED) { // else it never ran
                proxy.events().tell(Event.Vm.SHUTDOWN);
            }
        }
    }

    /** After a machine's end. @return the VMM's end, if that follows */
    private Optional<Ending> follow(Outcome outcome) {
        proxy.forgetMachine();
        if (outcome instanceof Outcome.VmmEnds(Ending ending)) {
            return Optional.of(ending);
        }
        MachineState last = proxy.state().orElseThrow();
        proxy.publish(last.with(MachineStatus.CREATED).with(List.of()));
        if (outcome instanceof Outcome.Asked(MachineCommand.Ask ask)) {
            if (ask.request() instanceof VmRequest.Delete) {
                forget();
            }
            ask.done();
        }
        return Optional.empty();
    }
}
