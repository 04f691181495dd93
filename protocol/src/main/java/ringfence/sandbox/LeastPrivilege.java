package ringfence.sandbox;

import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import ringfence.linux.Capability;
import ringfence.linux.Child;
import ringfence.linux.Linux;
import ringfence.linux.Spawn;

/**
 * Starts a process with less privilege than ours: it never gains any by execve, and of root's privileges it has those
 * named and can get no others. Privileges belong to threads (capabilities(7)), and posix_spawn hands on the calling
 * one's; so a thread gives its own up, starts the process, and ends.
 */
public final class LeastPrivilege {
    private LeastPrivilege() {}

    /**
     * Starts it; see {@link ringfence.linux.Processes#spawn}.
     *
     * @param kept what it keeps of root's privileges; a user's process has none anyway
     * @return the process; the caller owns it
     */
    public static Child spawn(Linux linux, Spawn spawn, Set<Capability> kept) {
        FutureTask<Child> start = new FutureTask<>(() -> {
            linux.processes().keepOnly(kept);
            linux.processes().noNewPrivileges();
            return linux.processes().spawn(spawn);
        });
        Thread.ofPlatform().name("spawn").start(start);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    return start.get();
                } catch (InterruptedException _) {
                    interrupted = true; // the process is under way, and somebody has to own it
                }
            }
        } catch (ExecutionException e) {
            if (e.getCause() instanceof RuntimeException failure) {
                throw failure;
            }
            throw new AssertionError(e.getCause());
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
