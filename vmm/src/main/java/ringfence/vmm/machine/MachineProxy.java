package ringfence.vmm.machine;

import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import org.agrona.concurrent.ManyToOneConcurrentArrayQueue;
import ringfence.linux.Linux;
import ringfence.vmm.config.VmConfig;
import ringfence.vmm.event.EventSink;
import ringfence.vmm.supervise.LastWill;

/**
 * The way to the machine's owner for every other thread: commands go into a lock-free queue, answers to reads come from
 * the state that the owner has published. Neither waits for anything.
 */
public final class MachineProxy {
    /** More than every source together can have outstanding: each vCPU reports an end once. */
    private static final int CAPACITY = 1024;

    private final ManyToOneConcurrentArrayQueue<MachineCommand> commands =
            new ManyToOneConcurrentArrayQueue<>(CAPACITY);
    private final Queue<MachineCommand> kept = new ArrayDeque<>(); // the owner's
    private Consoles consoles; // the owner's; null: they are not open
    private final Counters counters = new Counters();
    private final HandedDescriptors handed = new HandedDescriptors();
    private final EventSink events;
    private final LastWill will;
    private final TerminalInput input;
    private volatile Thread owner;
    private volatile MachineState state; // null: there is no VM

    /**
     * Of no VM so far.
     *
     * @param events told what happens
     * @param will told what is made at paths of the user's
     * @param input what is typed, of which nothing is read yet
     */
    MachineProxy(EventSink events, LastWill will, TerminalInput input) {
        this.events = events;
        this.will = will;
        this.input = input;
    }

    /** Who is told what happens. Any thread may tell. */
    public EventSink events() {
        return events;
    }

    /** The state that was published last; empty: there is no VM. */
    public Optional<MachineState> state() {
        return Optional.ofNullable(state);
    }

    /** What is known of the devices of the machine in numbers, by device and counter; empty: no machine is there. */
    public Map<String, Map<String, Long>> readCounters() {
        return counters.read();
    }

    /** The devices that other processes serve, and how those are; empty: no machine is there. */
    public Map<String, DeviceCondition> deviceConditions() {
        return counters.conditions();
    }

    /** Where the API is served: by that a VM is known to its user. Before the VMM runs. */
    public void servedAt(String socket) {
        counters.title(socket);
        will.names(Path.of(socket));
    }

    /** The API has answered a request. */
    public void apiCalled(boolean refused) {
        counters.apiCalled(refused);
    }

    /** Bytes of the guest's memory that its balloon holds; 0: it has none, or no machine is there. */
    public long balloonSize() {
        return counters.balloonSize();
    }

    /**
     * The consoles of the VM, which are opened if they are not open. For the owner only.
     *
     * @throws RuntimeException of the one that cannot be opened, with one line for the user; then none is open
     */
    Consoles consoles(Linux linux, VmConfig config) {
        if (consoles == null) {
            consoles = new Consoles(linux, config, input);
        }
        return consoles;
    }

    /** There is no VM any more that they are of, if they are open at all. For the owner only. */
    void closeConsoles() {
        if (consoles != null) {
            consoles.close();
            consoles = null;
        }
    }

    /** For devices' threads to count. */
    Counters counters() {
        return counters;
    }

    /** What clients have handed over for devices. For the owner only. */
    HandedDescriptors handed() {
        return handed;
    }

    /**
     * Asks for something.
     *
     * @return completed when it is done, with the device that was plugged into a booted VM if one was; or exceptionally with
     *     a {@link VmException}
     */
    public CompletableFuture<Optional<MachineState.DeviceEntry>> ask(VmRequest request) {
        MachineCommand.Ask ask = new MachineCommand.Ask(request);
        if (!post(ask)) {
            ask.refuse(VmException.wrongState("the machine's queue is full: try again"));
        }
        return ask.answer();
    }

    /** Asks the VMM to end. */
    public void shutDownVmm(String why) {
        post(new MachineCommand.ShutDown(why));
    }

    /**
     * Has the owner give a sign of life. While a machine is made, which takes as long as its memory does, it is given at once.
     *
     * @param answer run once, soon
     * @return false: it is not, since the queue is full
     */
    public boolean askForSign(Runnable answer) {
        MachineState now = state;
        if (now != null && now.status() == MachineStatus.CREATED) {
            answer.run();
            return true;
        }
        return post(new MachineCommand.Sign(answer));
    }

    /** @return false if the queue is full; the guest can flood it with resets, and none of them is lost then */
    boolean post(MachineCommand command) {
        boolean taken = commands.offer(command);
        LockSupport.unpark(owner);
        return taken;
    }

    /** Has the owner do something, such as a change of the bus tables. */
    void execute(Runnable work) {
        if (!post(new MachineCommand.Run(work))) {
            throw new RejectedExecutionException("the machine's queue is full");
        }
    }

    /**
     * Does what was posted to be run, and keeps the other commands for {@link #take}, while the owner waits for something
     * else. For the owner only.
     */
    void runPosted() {
        MachineCommand command;
        while ((command = commands.poll()) != null) {
            if (command instanceof MachineCommand.Run(Runnable work)) {
                work.run();
            } else if (command instanceof MachineCommand.Sign(Runnable answer)) {
                answer.run();
            } else {
                kept.add(command);
            }
        }
    }

    /** The first command that ends the machine itself; what else there is stays for {@link #take}. For the owner only. */
    Optional<MachineCommand> takeEnd() {
        return takeFirst(MachineProxy::endsMachine);
    }

    /** The first request; what else there is stays for {@link #take}. For the owner only. */
    Optional<MachineCommand.Ask> takeAsk() {
        return takeFirst(MachineCommand.Ask.class::isInstance).map(MachineCommand.Ask.class::cast);
    }

    private Optional<MachineCommand> takeFirst(Predicate<MachineCommand> wanted) {
        runPosted();
        Optional<MachineCommand> first = kept.stream().filter(wanted).findFirst();
        first.ifPresent(kept::remove);
        return first;
    }

    private static boolean endsMachine(MachineCommand command) {
        return command instanceof MachineCommand.ShutDown
                || command instanceof MachineCommand.Ask ask
                        && (ask.request() instanceof VmRequest.ShutDown || ask.request() instanceof VmRequest.Delete);
    }

    /** Forgets what the guest of a boot that is over has asked for. For the owner only. */
    void forgetGuest() {
        runPosted();
        kept.removeIf(command -> !outlivesMachine(command) && !(command instanceof MachineCommand.DeviceRefused));
    }

    /** Forgets what a machine that is gone has said. For the owner only. */
    void forgetMachine() {
        counters.clear();
        MachineCommand command;
        while ((command = commands.poll()) != null) {
            kept.add(command);
        }
        kept.removeIf(said -> !outlivesMachine(said));
    }

    private static boolean outlivesMachine(MachineCommand command) {
        return command instanceof MachineCommand.ShutDown
                || command instanceof MachineCommand.Ask
                || command instanceof MachineCommand.Sign;
    }

    /** @param next null: there is no VM any more */
    void publish(MachineState next) {
        state = next;
        if (next != null) {
            counters.state(next);
            if (next.status() != MachineStatus.CREATED) { // else nothing of it is there
                next.config().ownSockets().forEach(socket -> will.names(Path.of(socket)));
            }
        }
    }

    /** The next command; waits for it. For the owner only. */
    MachineCommand take() {
        owner = Thread.currentThread();
        MachineCommand command = kept.poll();
        while (command == null && (command = commands.poll()) == null) {
            LockSupport.park(this);
        }
        return command;
    }
}
