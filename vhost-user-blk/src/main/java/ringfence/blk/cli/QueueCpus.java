package ringfence.blk.cli;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import ringfence.linux.Errno;
import ringfence.linux.ErrnoException;
import ringfence.linux.Linux;

/** The syntax of {@code --queue-cpus}, {@code QUEUE@CPU,CPU}, and whether there are such CPUs. */
final class QueueCpus {
    private static final int MOST_CPUS = 8192;

    private QueueCpus() {}

    /**
     * CPUs by queue.
     *
     * @param queues that there are
     * @throws IllegalArgumentException with one line for the user
     */
    static Map<Integer, List<Integer>> parse(List<String> texts, int queues) {
        Map<Integer, List<Integer>> cpus = new HashMap<>();
        for (String text : texts) {
            int at = text.indexOf('@');
            if (at < 0) {
                throw wrong(text, "has no '@': write 0@1,2");
            }
            int queue = number(text, text.substring(0, at), queues);
            List<Integer> of = new ArrayList<>();
            for (String cpu : text.substring(at + 1).split(",", -1)) {
                of.add(number(text, cpu, MOST_CPUS));
            }
            if (cpus.put(queue, of) != null) {
                throw wrong(text, "names queue " + queue + " again: give all its CPUs once");
            }
        }
        return cpus;
    }

    private static int number(String text, String digits, int end) {
        try {
            int number = Integer.parseInt(digits);
            if (number >= 0 && number < end) {
                return number;
            }
        } catch (NumberFormatException _) {
            // told below
        }
        throw wrong(text, "'" + digits + "' is none of 0 to " + (end - 1));
    }

    private static IllegalArgumentException wrong(String text, String why) {
        return new IllegalArgumentException("--queue-cpus " + text + ": " + why);
    }

    /**
     * Tries them, on a thread that does nothing else.
     *
     * @throws IllegalArgumentException there is none of a queue's; with one line for the user
     */
    static void check(Linux linux, Map<Integer, List<Integer>> cpus) {
        cpus.forEach((queue, of) -> {
            CompletableFuture<Void> tried = new CompletableFuture<>();
            Thread.ofPlatform().name("queue-cpus").daemon().start(() -> {
                try {
                    linux.processes().runOn(of);
                    tried.complete(null);
                } catch (RuntimeException e) {
                    tried.completeExceptionally(e);
                }
            });
            try {
                tried.join();
            } catch (CompletionException e) {
                throw refused(queue, of, e);
            }
        });
    }

    private static RuntimeException refused(int queue, List<Integer> cpus, CompletionException e) {
        if (!(e.getCause() instanceof ErrnoException failure)) {
            return e;
        }
        String of = "queue_affinity (--queue-cpus): ";
        return new IllegalArgumentException(
                failure.errno() == Errno.EINVAL
                        ? of + "this process has none of the CPUs " + cpus + " of queue " + queue
                                + ": see Cpus_allowed_list in /proc/self/status"
                        : of + failure.getMessage()
                                + ": allow that call (SystemCallFilter= of a unit), or leave it out",
                failure);
    }
}
