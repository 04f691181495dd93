package ringfence.vhostuser.link;

import ringfence.telemetry.CounterType;

/** What every daemon counts of a queue, whatever its device. */
enum QueueCounter implements CounterType {
    /** Chains taken, those of a predecessor that are done again not among them. */
    CHAINS(1, "chains"),
    /** Times that chains were taken: chains in a batch are the quotient. */
    BATCHES(2, "batches"),
    /** Interrupts sent. */
    INTERRUPTS(3, "interrupts"),
    /** Times that the worker slept. */
    SLEEPS(4, "sleeps"),
    /** Sleeps that the driver's kick has ended; a kick while the worker is awake is not noticed. */
    KICKS(5, "kicks"),
    /** Times that the worker looked and found nothing, between two sleeps or two pieces of work. */
    EMPTY_POLLS(6, "empty-polls"),
    /** Chains of a predecessor that were done again. */
    REPLAYED(7, "replayed"),
    /** Chains that were in flight when two daemons died, and so were failed. */
    POISONED(8, "poisoned");

    private final int id;
    private final String label;

    QueueCounter(int id, String label) {
        this.id = id;
        this.label = label;
    }

    @Override
    public int id() {
        return id;
    }

    @Override
    public String label() {
        return label;
    }
}
