package ringfence.vmm.machine;

/** What follows when a machine has ended. */
sealed interface Outcome {
    /** The VMM ends, too. */
    record VmmEnds(Ending ending) implements Outcome {}

    /** The guest has powered off, or cannot go on, and the VMM stays ({@code --no-shutdown}). */
    record PoweredOff() implements Outcome {}

    /** A user has asked for it, and waits until it is over: {@link VmRequest.ShutDown} or {@link VmRequest.Delete}. */
    record Asked(MachineCommand.Ask ask) implements Outcome {}
}
