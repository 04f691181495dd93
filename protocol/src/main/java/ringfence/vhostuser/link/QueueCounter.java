package ringfence.vhostuser.link;

import ringfence.telemetry.CounterType;

/** What every daemon counts of a queue, whatever its device. */
enum QueueCounter {
    CHAINS(1, "chains", "requests taken from the guest, those of a predecessor that are done again not among them"),
    BATCHES(2, "batches", "times that some requests were taken"),
    INTERRUPTS(3, "interrupts", "interrupts sent to the guest"),
    SLEEPS(4, "sleeps", "times that the queue's thread slept"),
    KICKS(5, "kicks", "sleeps that the guest has ended; a kick while the thread is awake is not noticed"),
    EMPTY_POLLS(6, "empty-polls", "times that the thread looked in vain, between two sleeps or two pieces of work"),
    REPLAYED(7, "replayed", "requests of a predecessor that were done again"),
    POISONED(8, "poisoned", "requests that were in flight when two daemons died, and so were failed");

    final CounterType type;

    QueueCounter(int id, String label, String help) {
        type = new CounterType(id, label, help);
    }
}
