package ringfence.sandbox;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import ringfence.linux.Child;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Namespace;
import ringfence.linux.PreparedSpawn;
import ringfence.linux.Spawn;

/**
 * Starts a process in a box. Namespaces, privileges, filters and Landlock's rules belong to threads (namespaces(7),
 * capabilities(7), seccomp(2), landlock(7)), and posix_spawn and execve hand on the calling one's; so a thread enters the
 * box, starts the process, and ends. No helper program is needed, and nothing of the process runs outside.
 */
public final class BoxedProcess {
    private BoxedProcess() {}

    /**
     * Starts it; see {@link ringfence.linux.Processes#spawn}.
     *
     * @return the process; the caller owns it
     */
    public static Child spawn(Linux linux, Spawn spawn, Box box) {
        Optional<Fd> rules = box.rules(linux);
        try (PreparedSpawn prepared = linux.processes().prepare(spawn, rules, box.steps())) {
            start(linux, prepared, box);
            return prepared.child();
        } finally {
            rules.ifPresent(Fd::close);
        }
    }

    /**
     * Makes this process that program, in a box; see {@link ringfence.linux.Processes#prepareExecve}.
     *
     * @return why it could not
     */
    public static ErrnoException become(Linux linux, List<String> arguments, Map<String, String> environment, Box box) {
        Optional<Fd> rules = box.rules(linux);
        try (PreparedSpawn prepared = linux.processes().prepareExecve(arguments, environment, rules, box.steps())) {
            start(linux, prepared, box);
            return prepared.failure();
        } finally {
            rules.ifPresent(Fd::close);
        }
    }

    /** The same with our privileges and no filter, where no more than these files can be reached. */
    public static ErrnoException become(
            Linux linux, List<String> arguments, Map<String, String> environment, FileRules files) {
        try (Fd rules = files.ruleset(linux, linux.confinement().landlockAbi());
                PreparedSpawn prepared =
                        linux.processes().prepareExecve(arguments, environment, Optional.of(rules), List.of())) {
            inThread(() -> {
                linux.processes().noNewPrivileges();
                prepared.start();
            });
            return prepared.failure();
        }
    }

    /** Whether who asks for a namespace of mounts gets a tree of files of its own: root's does where we may mount. */
    public static boolean givesTrees(Linux linux) {
        AtomicBoolean gives = new AtomicBoolean();
        inThread(() -> gives.set(linux.processes().unshare(Set.of(Namespace.MOUNT)) && OwnRoot.isPossible(linux)));
        return gives.get();
    }

    private static void start(Linux linux, PreparedSpawn prepared, Box box) {
        inThread(() -> {
            Optional<OwnRoot> root = linux.processes().unshare(box.namespaces()) ? box.root(linux) : Optional.empty();
            try {
                linux.processes().keepOnly(box.privileges());
                linux.processes().noNewPrivileges();
                root.ifPresent(OwnRoot::enter); // no name leads to the host's files from here on, a class's neither
                box.user().ifPresent(user -> linux.credentials().become(user, box.privileges()));
                prepared.start();
            } finally {
                root.ifPresent(OwnRoot::close);
            }
        });
    }

    private static void inThread(Runnable work) {
        FutureTask<Void> start = new FutureTask<>(work, null);
        Thread.ofPlatform().name("spawn").start(start);
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    start.get();
                    return;
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
