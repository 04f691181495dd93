package ringfence.process;

import java.io.PrintStream;
import java.util.Optional;
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
            message(e).lines().forEach(line -> say(name, errors, line));
            return ExitCode.BAD_INPUT;
        } catch (ErrnoException | FailureException e) {
            say(name, errors, message(e).replace('\n', ' '));
            return ExitCode.FAILURE;
        } catch (Throwable e) {
            say(name, errors, "internal error: " + e);
            e.printStackTrace(errors);
            return ExitCode.FAILURE;
        } finally {
            Logs.flush(errors);
        }
    }

    /** Says that it fails, in a line with its name in front; in the journal it is an error. */
    static void say(String name, PrintStream errors, String line) {
        Optional<SystemdJournal> journal =
                errors.equals(System.err) ? SystemdJournal.ofStandardError(name) : Optional.empty();
        journal.ifPresentOrElse(
                there -> there.writeLast(LogLevel.ERROR, line), () -> errors.println(name + ": " + line));
    }

    /** Runs it as this process, and ends the process with its code. */
    public static void main(String name, Body body) {
        exit(run(name, System.err, body));
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
