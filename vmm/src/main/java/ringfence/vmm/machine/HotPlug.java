package ringfence.vmm.machine;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongConsumer;
import java.util.function.UnaryOperator;
import ringfence.memory.MemoryTable;
import ringfence.process.Log;
import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.device.VirtioDevice;
import ringfence.vmm.device.remote.Phase;
import ringfence.vmm.device.remote.RemoteDevice;
import ringfence.vmm.event.Event;
import ringfence.vmm.machine.VmException.Reason;
import ringfence.vmm.pci.PciAddress;
import ringfence.vmm.pci.PciException;
import ringfence.vmm.transport.VirtioPciFunction;

/**
 * Devices that come and go while the guest runs. Used by the machine's owner only, who never waits here.
 *
 * <pre>
 *   add:     daemon starts ── the device is ready ──► in its slot, the guest is told, the client is answered
 *                          └─ refused, or too late ──► gone, the client is told why
 *   remove:  the guest is asked, the client is answered ── the guest ejects, or is reset ──► out of its slot
 *            ── no vCPU is inside its registers ──► doorbells and interrupts given back
 *            ── on a thread of its own: front-end closed, daemon ended ──► gone from the configuration
 * </pre>
 *
 * A guest that never ejects keeps its device, and costs nothing.
 */
final class HotPlug implements AutoCloseable {
    /** What a back-end gets to be there: a client waits, and the guest has seen nothing yet. */
    private static final long READY_SECONDS = 60;
    /** Some daemon's answer to that, be it the successor's of one that has died of it. */
    private static final long RESIZED_SECONDS = 10;

    private static final long AGAIN_MILLIS = 100;

    private final Admission admission;
    private final MachineProxy proxy;
    private final DaemonStarter daemons;
    private final MemoryTable memory;
    private final Platform platform;
    private final LongConsumer balloon;
    private final Log log;
    private final Map<String, Arrival> arrivals = new LinkedHashMap<>();
    private final Set<String> unborn =
            new HashSet<>(); // planned, and not in a slot: arrivals, and those that have failed
    private final Set<String> askedBack = new HashSet<>();
    private final Map<Departure, VirtioPciFunction> leaving = new LinkedHashMap<>(); // perhaps with a vCPU inside
    private final Map<Departure, Thread> ending = new LinkedHashMap<>();
    private VmConfig planned; // with all whose names are taken
    private Processors guest; // null: no vCPU runs

    /**
     * Of a machine that has what its configuration says.
     *
     * @param balloon takes the balloon's new size, if there is one
     */
    HotPlug(
            VmConfig config,
            Admission admission,
            MachineProxy proxy,
            DaemonStarter daemons,
            MemoryTable memory,
            Platform platform,
            LongConsumer balloon,
            Log log) {
        planned = config;
        this.admission = admission;
        this.proxy = proxy;
        this.daemons = daemons;
        this.memory = memory;
        this.platform = platform;
        this.balloon = balloon;
        this.log = log;
        platform.onEject(this::ejected);
    }

    /** A device that is not there yet, and who waits for it. */
    private record Arrival(MachineCommand.Ask ask, PluggedDevice device) {
        String id() {
            return device.device().id();
        }
    }

    /** The vCPUs of this boot run from now on. */
    void guestRuns(Processors processors) {
        guest = processors;
    }

    /** They do not any more: what was asked back is taken. KVM's VM is still there. */
    void guestStopped() {
        guest = null;
        Set.copyOf(askedBack).forEach(id -> platform.addressOf(id).ifPresent(this::ejected));
        List.copyOf(leaving.keySet()).forEach(this::left);
    }

    /**
     * Makes the machine what a change wants.
     *
     * @param ask answered when it is, or at once
     * @throws VmException if it cannot be; nothing has changed
     */
    void change(MachineCommand.Ask ask, UnaryOperator<VmConfig> change) {
        VmConfig next = admission.complete(change.apply(planned));
        VmConfig less = planned.beyond(next);
        if (!less.ids().isEmpty()) {
            less.ids().forEach(this::askBack);
            ask.done();
            return;
        }
        VmException.throwIfAny(admission.problems(next));
        VmConfig more = next.beyond(planned);
        if (more.ids().isEmpty()) {
            resize(next);
            ask.done();
            return;
        }
        VmException.failIfAny(admission.problemsHere(more));
        more.disks().forEach(disk -> expect(ask, next, disk.id(), () -> daemons.disk(disk, memory)));
        more.nets().forEach(net -> expect(ask, next, net.id(), () -> daemons.net(net, memory)));
        more.fs().forEach(folder -> expect(ask, next, folder.id(), () -> daemons.fs(folder, memory)));
        more.generics().forEach(generic -> expect(ask, next, generic.id(), () -> daemons.generic(generic, memory)));
        more.vsock().ifPresent(vsock -> expect(ask, next, vsock.id(), () -> daemons.vsock(vsock, memory)));
        more.pmem().forEach(pmem -> expect(ask, next, pmem.id(), () -> daemons.pmem(pmem, memory)));
    }

    private void resize(VmConfig next) {
        if (!next.cpus().equals(planned.cpus()) || !next.memory().equals(planned.memory())) {
            throw VmException.wrongState("vm.resize of the vCPUs and the memory of a VM that is booted is not supported"
                    + " yet: shut it down, resize it, and boot it");
        }
        if (!next.balloon().equals(planned.balloon())) {
            proxy.events().tell(Event.Vm.RESIZING);
            balloon.accept(next.balloon().orElseThrow().size());
            planned = next;
            publish();
            proxy.events().tell(Event.Vm.RESIZED);
        }
    }

    // ---- to come ------------------------------------------------------------------------------------------------

    private interface Start {
        PluggedDevice begin();
    }

    private void expect(MachineCommand.Ask ask, VmConfig next, String id, Start start) {
        Arrival arrival;
        try {
            arrival = new Arrival(ask, start.begin());
        } catch (RuntimeException e) {
            daemons.end(id);
            throw new VmException(Reason.FAILED, String.valueOf(e.getMessage()));
        }
        planned = next;
        unborn.add(id);
        arrivals.put(id, arrival);
        arrival.device().device().onReady(() -> soon(() -> arrived(arrival)));
        String late = id + ": nobody serves it within " + READY_SECONDS + " s";
        later(TimeUnit.SECONDS.toMillis(READY_SECONDS), () -> refuse(arrival, late));
    }

    private void arrived(Arrival arrival) {
        String id = arrival.id();
        if (!arrivals.remove(id, arrival)) {
            return; // it was refused meanwhile
        }
        PciAddress at;
        try {
            at = platform.plug(arrival.device().place(), arrival.device().device());
        } catch (PciException e) {
            end(new Departure(id, () -> {}, () -> refused(arrival, e.getMessage())));
            return;
        }
        unborn.remove(id);
        publish();
        platform.announce(at);
        MachineState.DeviceEntry entry = platform.deviceAt(at);
        log.info(id + ": plugged in at " + entry.bdf());
        arrival.ask().done(entry);
    }

    /**
     * A daemon refuses its work.
     *
     * @return whether that is no matter of the machine's: the device was to be added, or is leaving, or has been served before
     *     and is waited for again
     */
    boolean refused(String id, String reason) {
        return failed(id, reason)
                || platform.device(id).map(VirtioDevice::isReady).orElse(true);
    }

    /**
     * Whoever serves a device cannot be used as it is.
     *
     * @return whether it was to be added; it is not any more
     */
    boolean failed(String id, String reason) {
        Arrival arrival = arrivals.get(id);
        if (arrival != null) {
            refuse(arrival, id + ": " + reason);
        }
        return arrival != null;
    }

    private void refuse(Arrival arrival, String why) {
        if (arrivals.remove(arrival.id(), arrival)) {
            end(new Departure(arrival.id(), arrival.device().device(), () -> refused(arrival, why)));
        }
    }

    /** Only now is its client told: its name is free again. */
    private static void refused(Arrival arrival, String why) {
        arrival.ask().refuse(new VmException(Reason.FAILED, why));
    }

    // ---- to go --------------------------------------------------------------------------------------------------

    private void askBack(String id) {
        if (unborn.contains(id)) {
            throw VmException.wrongState(id + " is being added: wait for the answer to that");
        }
        platform.addressOf(id)
                .ifPresent(
                        at -> { // else it is leaving already
                            askedBack.add(id);
                            platform.askFor(at);
                        });
    }

    /** The guest has given a slot back. */
    private void ejected(PciAddress at) {
        Optional<String> id = askedBack.stream()
                .filter(asked -> platform.addressOf(asked).filter(at::equals).isPresent())
                .findFirst();
        if (id.isEmpty()) {
            return; // a reset came between
        }
        askedBack.remove(id.get());
        MachineState.DeviceEntry device = platform.deviceAt(at);
        VirtioPciFunction function = platform.unplug(at).orElseThrow();
        Departure departure = new Departure(id.get(), function, () -> removed(device));
        leaving.put(departure, function);
        if (guest == null) {
            left(departure);
        } else {
            guest.afterAccesses(() -> soon(() -> left(departure)));
        }
    }

    private void removed(MachineState.DeviceEntry device) {
        log.info(device.id() + ": taken out of " + device.bdf());
        if (proxy.events().isOpen()) {
            proxy.events().tell(new Event.DeviceRemoved(device.id(), device.bdf()));
        }
    }

    /** No vCPU is inside its registers. */
    private void left(Departure departure) {
        VirtioPciFunction function = leaving.remove(departure);
        if (function != null) {
            function.detach();
            end(departure);
        }
    }

    private void end(Departure departure) {
        Thread thread = Thread.ofPlatform().name("unplug").daemon().unstarted(() -> {
            try {
                departure.device().close();
            } catch (Exception e) {
                log.error(departure.id() + ": " + e.getMessage(), e);
            }
            try {
                daemons.end(departure.id());
            } catch (RuntimeException e) {
                log.error(departure.id() + ": " + e.getMessage(), e);
            }
            soon(() -> gone(departure));
        });
        ending.put(departure, thread);
        thread.start();
    }

    private void gone(Departure departure) {
        if (ending.remove(departure) == null) {
            return; // the machine has ended meanwhile
        }
        planned = planned.without(departure.id());
        unborn.remove(departure.id());
        proxy.counters().forget(departure.id());
        publish();
        proxy.handed().keepFor(planned);
        departure.then().run();
    }

    // ---- to go on with another daemon ---------------------------------------------------------------------------

    /**
     * Has a device go on with a new daemon.
     *
     * @param ask answered when that serves, or why not
     * @throws VmException if there is no such device, or its daemon is not the VMM's
     */
    void upgrade(MachineCommand.Ask ask, String id) {
        if (!planned.ids().contains(id)) {
            throw new VmException(Reason.UNKNOWN_DEVICE, "id: there is no device '" + id + "'");
        }
        Renewal renewal = daemons.renewal(id)
                .orElseThrow(() -> VmException.wrongState(
                        id + ": the VMM has not started its daemon: restart that where it was started"));
        Thread.ofPlatform().name("upgrade").daemon().start(() -> {
            try {
                renewal.run();
                soon(ask::done);
            } catch (RuntimeException e) {
                soon(() -> ask.refuse(new VmException(Reason.FAILED, id + ": " + e.getMessage())));
            }
        });
    }

    // ---- to become larger or smaller ----------------------------------------------------------------------------

    /**
     * Has a disk become that large.
     *
     * @param ask answered when the guest can see it, or why not
     * @throws VmException if there is no such disk, or it cannot be
     */
    void resizeDisk(MachineCommand.Ask ask, String id, long bytes) {
        DiskConfig disk = planned.disks().stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new VmException(Reason.UNKNOWN_DEVICE, "id: there is no disk '" + id + "'"));
        DiskResize.check(disk, bytes);
        RemoteDevice device = (RemoteDevice) platform.device(id)
                .orElseThrow(() -> VmException.wrongState(id + " comes or goes: wait until it is there"));
        if (device.state().phase() == Phase.FAILED) {
            throw VmException.wrongState(
                    id + " does not respond: " + device.state().reason());
        }
        CompletableFuture<Void> _ = device.resize(bytes >> DiskResize.SECTOR_SHIFT)
                .toCompletableFuture()
                .orTimeout(RESIZED_SECONDS, TimeUnit.SECONDS)
                .whenComplete((_, failure) -> soon(() -> {
                    if (failure == null) {
                        log.info(id + ": has " + bytes + " bytes");
                        ask.done();
                    } else {
                        ask.refuse(new VmException(Reason.FAILED, id + ": " + DiskResize.why(failure)));
                    }
                }));
    }

    // ---- both ---------------------------------------------------------------------------------------------------

    private void publish() {
        VmConfig now = planned;
        for (String id : unborn) {
            now = now.without(id);
        }
        proxy.publish(proxy.state().orElseThrow().with(now).with(platform.devices()));
    }

    /** Has the owner do something; its queue may be full for a moment. Any thread. */
    private void soon(Runnable work) {
        try {
            proxy.execute(work);
        } catch (RejectedExecutionException _) {
            later(AGAIN_MILLIS, work);
        }
    }

    private void later(long millis, Runnable work) {
        CompletableFuture.delayedExecutor(millis, TimeUnit.MILLISECONDS).execute(() -> soon(work));
    }

    /** Ends what is on its way. No vCPU runs. */
    @Override
    public void close() {
        guestStopped();
        List<Arrival> waiting = new ArrayList<>(arrivals.values());
        waiting.forEach(arrival -> refuse(arrival, arrival.id() + ": the VM has ended"));
        for (Map.Entry<Departure, Thread> entry : Map.copyOf(ending).entrySet()) {
            try {
                entry.getValue().join();
            } catch (InterruptedException _) {
                Thread.currentThread().interrupt();
            }
            gone(entry.getKey());
        }
    }
}
