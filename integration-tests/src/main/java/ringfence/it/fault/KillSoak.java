package ringfence.it.fault;

import java.io.IOException;
import java.nio.file.Path;
import ringfence.linux.Linux;

/** The program behind {@code packaging/soak kill}: many kills, on tmpfs and on a disk. */
public final class KillSoak {
    private KillSoak() {}

    /** Arguments: kills on each medium, seed. Ends with an exception, and exit code 1, at the first loss. */
    public static void main(String[] arguments) throws IOException, InterruptedException {
        int kills = Integer.parseInt(arguments[0]);
        long seed = arguments.length > 1 ? Long.parseLong(arguments[1]) : System.nanoTime();
        System.out.println("seed " + seed);
        soak("tmpfs", Path.of("/dev/shm"), false, kills, seed);
        soak("disk, O_DIRECT", Path.of("/var/tmp"), true, kills, seed);
    }

    private static void soak(String medium, Path where, boolean direct, int kills, long seed)
            throws IOException, InterruptedException {
        try (KillRun run = new KillRun(Linux.system(), where, direct, seed)) {
            run.run(kills);
            System.out.println(medium + ": " + run.report());
        }
    }
}
