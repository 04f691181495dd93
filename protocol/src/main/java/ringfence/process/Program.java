package ringfence.process;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import ringfence.linux.ErrnoException;
import ringfence.option.OptionException;

/** The frame of every main: runs it, and turns what it throws into one line and an exit code. */
public final class Program {
    /** What a program does. */
    @FunctionalInterface
    public interface Body {
        /** Does it. @return the exit code */
        int run() throws Exception;
    }

    private Program() {}

    /**
     * Runs a program.
     *
     * @param name begins each line
     * @param errors standard error
     * @return the exit code, for {@link #exit}
     */
    public static int run(String name, PrintStream errors, Body body) {
        try {
            return body.run();
        } catch (BadInputException | OptionException e) {
            message(e).lines().forEach(line -> errors.println(name + ": " + line));
            return ExitCode.BAD_INPUT;
        } catch (ErrnoException | FailureException e) {
            errors.println(name + ": " + message(e).replace('\n', ' '));
            return ExitCode.FAILURE;
        } catch (Throwable e) {
            errors.println(name + ": internal error: " + e);
            e.printStackTrace(errors);
            return ExitCode.FAILURE;
        } finally {
            Logs.flush(errors);
        }
    }

    /** Runs it as this process, which takes its name, and ends the process with its code. */
    public static void main(String name, Body body) {
        named(name);
        exit(run(name, System.err, body));
    }

    /**
     * Gives this process the name that {@code ps} and {@code top} show in place of "java", and that a message names it
     * by; its first 15 bytes count (proc_pid_comm(5)).
     */
    public static void named(String name) {
        try (FileOutputStream comm = new FileOutputStream("/proc/self/comm")) {
            comm.write(name.getBytes(StandardCharsets.US_ASCII));
        } catch (IOException e) {
            // without /proc nobody reads it either
        }
    }

    /**
     * Ends the process at once. All clean-up has been done by owners; shutdown hooks, which wait for a signal's end, are
     * not run.
     */
    public static void exit(int code) {
        System.out.flush();
        System.err.flush();
        Runtime.getRuntime().halt(code);
    }

    private static String message(Throwable e) {
        return e.getMessage() == null ? e.toString() : e.getMessage();
    }
}
