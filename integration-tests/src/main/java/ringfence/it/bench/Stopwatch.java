package ringfence.it.bench;

import java.io.File;
import java.io.IOException;
import java.util.List;

/** Starts a monitor and waits for the first byte that its guest writes to the serial port, which is standard output. */
final class Stopwatch {
    private Stopwatch() {}

    /** What is done with a monitor whose guest runs. */
    interface Look {
        void at(Process process) throws IOException, InterruptedException;
    }

    /** Milliseconds from before its start to that byte. See {@link #whileItRuns}. */
    static double millisToFirstByte(List<String> command, File errors) throws IOException, InterruptedException {
        return whileItRuns(command, errors, _ -> {});
    }

    /**
     * Runs it once, looks at it when that byte has come, and kills it.
     *
     * @param errors where its standard error goes
     * @return milliseconds from before its start to that byte
     * @throws IOException if it ends without one
     */
    static double whileItRuns(List<String> command, File errors, Look look) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).redirectError(errors).redirectInput(new File("/dev/null"));
        builder.environment().put("RINGFENCE_ANY_KVM", "1");
        long before = System.nanoTime();
        Process process = builder.start();
        try {
            int read = process.getInputStream().read();
            double millis = (System.nanoTime() - before) / 1e6;
            if (read < 0) {
                throw new IOException("nothing came from " + String.join(" ", command) + "; see " + errors);
            }
            look.at(process);
            return millis;
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor();
        }
    }
}
