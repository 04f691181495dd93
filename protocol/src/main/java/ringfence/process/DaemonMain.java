package ringfence.process;

import java.util.concurrent.atomic.AtomicBoolean;
import picocli.CommandLine;

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

    private DaemonMain() {}

    /** Runs it as this process, and ends the process. */
    public static void main(String name, CommandLine commandLine, String[] arguments) {
        int code = commandLine
                .setParameterExceptionHandler(
                        (e, _) -> complain(name, e.getMessage() + " (see --help)", ExitCode.BAD_INPUT))
                .setExecutionExceptionHandler((e, _, _) -> complain(name, e.toString(), ExitCode.FAILURE))
                .execute(arguments);
        Program.exit(code);
    }

    /** Says the first line of it on standard error. @return the code */
    public static int complain(String name, String text, int code) {
        System.err.println(name + ": " + text.lines().findFirst().orElse(""));
        return code;
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
        service.await();
        ended.set(true);
        service.close();
        return service.hasFailed() ? ExitCode.FAILURE : ExitCode.OK;
    }
}
