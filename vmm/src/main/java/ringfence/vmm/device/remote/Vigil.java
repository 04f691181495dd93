package ringfence.vmm.device.remote;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import ringfence.memory.MemoryTable;
import ringfence.virtio.SplitLayout;
import ringfence.virtio.queue.QueueConfig;
import ringfence.vmm.config.Upkeep;

/**
 * Whether the back-end of one device hangs. One that its source has started shows by its heartbeat that it lives and that no
 * queue of it is stuck; it is judged from its first beat on. Of another one there is only what the guest sees: a queue with
 * requests that wait, and a used index that stands still. Its ring is the guest's to lie in, which deceives nobody but who
 * looks after that guest.
 *
 * <p>{@link #look} is the watch's thread; the link thread says whom to look at.
 */
final class Vigil {
    /** After so long it is told: a look and a beat more, and there are two seconds. */
    private static final long PATIENCE = TimeUnit.MILLISECONDS.toNanos(1250);
    /** After so long without a sign of life it is replaced, as after so long without an answer. */
    private static final long SILENT_SECONDS = 5;
    /** After so long with a queue that is stuck, where that is asked for: a disk may take that long for a request. */
    private static final long STUCK_SECONDS = 30;

    /** A queue of a back-end of others. */
    private static final class Progress {
        final QueueConfig queue;
        int used = -1;
        long quiet;

        Progress(QueueConfig queue) {
            this.queue = queue;
        }
    }

    private final MemoryTable memory;
    private final Upkeep upkeep;
    private final HangEvents events;
    // all below: guarded by this
    private Optional<BackendProcess> process = Optional.empty();
    private int pid;
    private List<QueueConfig> served = List.of();
    private final List<Progress> queues = new ArrayList<>();
    private long beats;
    private long silent;
    private long stuck;
    private long poisoned;
    private boolean told;
    private boolean killed;

    /** @param upkeep says whether a back-end that its source has started is killed when it hangs */
    Vigil(MemoryTable memory, Upkeep upkeep, HangEvents events) {
        this.memory = memory;
        this.upkeep = upkeep;
        this.events = events;
    }

    /**
     * This one serves the device from now on.
     *
     * @param started it, if its source has started it
     * @param number its process id; 0: not known
     */
    synchronized void begins(Optional<BackendProcess> started, int number) {
        end();
        process = started;
        pid = number;
    }

    /** These queues run in which what is made available has to be used; they count for a back-end of others. */
    synchronized void serves(List<QueueConfig> running) {
        if (!running.equals(served)) {
            served = running;
            queues.clear();
            running.forEach(queue -> queues.add(new Progress(queue)));
        }
    }

    /** Nobody serves the device. */
    synchronized void end() {
        process = Optional.empty();
        served = List.of();
        queues.clear();
        beats = 0;
        silent = 0;
        stuck = 0;
        poisoned = 0;
        told = false;
        killed = false;
    }

    /** A look, so many nanoseconds after the last one. */
    synchronized void look(long passed) {
        long quiet = process.isPresent() ? ofOurs(process.get(), passed) : ofOthers(passed);
        if (quiet < PATIENCE) {
            if (told) {
                told = false;
                events.goesOn();
            }
            return;
        }
        if (!told) {
            told = true;
            events.hangs(line(), isReplaced(), quiet);
        }
        if (isReplaced() && !killed && quiet >= TimeUnit.SECONDS.toNanos(tooLong())) {
            killed = true;
            events.killed(symptom() + ", for " + tooLong() + " s: it is killed and replaced");
            process.get().kill();
        }
    }

    private long ofOurs(BackendProcess started, long passed) {
        long now = started.heartbeat().beats();
        silent = now == 0 || now != beats ? 0 : silent + passed;
        beats = now;
        stuck = TimeUnit.MILLISECONDS.toNanos(started.heartbeat().stuckMillis());
        long failed = started.heartbeat().poisoned();
        if (failed > poisoned) {
            events.failedRequests(failed - poisoned);
            poisoned = failed;
        }
        return Math.max(silent, stuck);
    }

    private long ofOthers(long passed) {
        long longest = 0;
        for (Progress one : queues) {
            int used = index(one.queue.usedRing());
            boolean waits = used != index(one.queue.availableRing());
            one.quiet = waits && used == one.used ? one.quiet + passed : 0;
            one.used = used;
            longest = Math.max(longest, one.quiet);
        }
        return longest;
    }

    private int index(long ring) {
        byte[] bytes = new byte[2];
        memory.read(ring + SplitLayout.RING_INDEX, bytes);
        return bytes[0] & 0xFF | (bytes[1] & 0xFF) << 8;
    }

    private boolean isSilent() {
        return silent >= PATIENCE;
    }

    private boolean isReplaced() {
        return process.isPresent() && (isSilent() ? upkeep.replacesSilent() : upkeep.replacesStuck());
    }

    private long tooLong() {
        return isSilent() ? SILENT_SECONDS : STUCK_SECONDS;
    }

    private String symptom() {
        String who = pid > 0 ? "process " + pid : "the back-end";
        if (process.isEmpty()) {
            return who + " completes nothing, and requests wait";
        }
        return who + (isSilent() ? " gives no sign of life" : " has a queue that does not get on, or its disk is slow");
    }

    private String line() {
        String end = pid > 0 ? "end it (kill -KILL " + pid + ")" : "end it";
        if (process.isEmpty()) {
            return symptom() + ": the VMM has not started it; if it does not go on, " + end + " and start it again";
        }
        return symptom()
                + (isReplaced()
                        ? ": it is replaced if that lasts " + tooLong() + " s"
                        : ": " + end + " to have it replaced, or say on_hang=replace");
    }
}
