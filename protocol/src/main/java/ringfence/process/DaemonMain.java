package ringfence.process;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import picocli.CommandLine;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.sandbox.FilterMode;
import ringfence.sandbox.Need;
import ringfence.sandbox.SyscallFilter;

/** The frame of the device daemons' mains: a command line of picocli's, errors in one line, and an orderly end by a signal. */
public final class DaemonMain {
    /** What a daemon does once it is open. */
    public interface Service {
        /** Waits until its back-ends have ended. */
        void await() throws InterruptedException;

        /** Ends its back-ends, which drain. By the main thread and by a signal's, at the same time even; the second waits. */
        void close();

        /** Whether it has ended because it could not go on; a line has said why. */
        default boolean hasFailed() {
            return false;
        }
    }

    private static final long NOT_YET_NANOS = 1_000_000;
    private static final long END_SECONDS = 10;

    private DaemonMain() {}

    /** Runs it as this process, and ends the process. */
    public static void main(String name, CommandLine commandLine, String[] arguments) {
        Program.exit(execute(name, commandLine, arguments));
    }

    private static int execute(String name, CommandLine commandLine, String... arguments) {
        return commandLine
                .setParameterExceptionHandler(
                        (e, _) -> complain(name, e.getMessage() + " (see --help)", ExitCode.BAD_INPUT))
                .setExecutionExceptionHandler((e, _, _) -> complain(name, e.toString(), ExitCode.FAILURE))
                .execute(arguments);
    }

    /**
     * A whole life as the program's AOT cache is to know it: a start with these arguments, on a thread of this process, and its
     * end when it has been made use of. It serves without a filter, which would be this process's; how one is made is gone
     * through as well.
     *
     * @param socket where it is to listen
     * @param arguments but for the socket and the filter
     * @param use of a connection to that, whose owner it becomes
     * @throws IllegalStateException if it does not come so far
     */
    public static void train(
            String name, CommandLine commandLine, Path socket, List<String> arguments, Consumer<Fd> use) {
        Linux linux = Linux.system();
        SyscallFilter.whileServing(
                FilterMode.TRUE, EnumSet.allOf(Need.class), linux.processes().pid());
        List<String> all = new ArrayList<>(arguments);
        all.addAll(List.of("--socket-path=" + socket, "--seccomp=none"));
        Thread life = Thread.ofPlatform()
                .name("life")
                .daemon()
                .start(() -> execute(name, commandLine, all.toArray(String[]::new)));
        try {
            use.accept(connect(linux, socket, life));
        } finally {
            end(life);
        }
    }

    private static Fd connect(Linux linux, Path socket, Thread life) {
        while (life.isAlive()) {
            try {
                return linux.sockets().connect(socket.toString());
            } catch (ErrnoException _) {
                LockSupport.parkNanos(NOT_YET_NANOS);
            }
        }
        throw new IllegalStateException("nobody listens at " + socket);
    }

    private static void end(Thread life) {
        life.interrupt();
        try {
            if (!life.join(Duration.ofSeconds(END_SECONDS))) {
                throw new IllegalStateException("the life that was to train does not end");
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    /** Says the first line of it on standard error. @return the code */
    public static int complain(String name, String text, int code) {
        Program.say(name, System.err, text.lines().findFirst().orElse(""));
        return code;
    }

    /** Where a daemon says, in one line, that something is wrong: the journal if standard error goes there. For its start. */
    public static Consumer<String> warnings(String name) {
        Optional<SystemdJournal> journal = SystemdJournal.ofStandardError(name);
        return journal.isPresent()
                ? line -> journal.get().write(LogLevel.WARN, line)
                : line -> System.err.println(name + ": " + line);
    }

    /**
     * Serves until the end. A signal closes the service, and ends the process with 0.
     *
     * @param name of the program
     * @param confine binds the process to what it does from now on; an IllegalArgumentException, of one line, ends it
     * @return the exit code
     */
    public static int serve(String name, Service service, Runnable confine) throws InterruptedException {
        try {
            confine.run();
        } catch (IllegalArgumentException e) {
            service.close();
            return complain(name, e.getMessage(), ExitCode.BAD_INPUT);
        }
        return serve(service);
    }

    /** The same, by one who binds nothing. */
    public static int serve(Service service) throws InterruptedException {
        AtomicBoolean ended = new AtomicBoolean();
        Thread onSignal = new Thread(
                () -> {
                    if (!ended.get()) {
                        service.close();
                        Runtime.getRuntime().halt(ExitCode.OK);
                    }
                },
                "signal");
        Runtime.getRuntime().addShutdownHook(onSignal);
        try {
            service.await();
        } finally {
            ended.set(true);
            service.close();
        }
        return service.hasFailed() ? ExitCode.FAILURE : ExitCode.OK;
    }
}
