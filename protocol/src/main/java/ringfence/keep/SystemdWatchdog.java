package ringfence.keep;

import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import ringfence.linux.Linux;

/** systemd's watchdog, which ends a service of which it has not heard for too long (sd_watchdog_enabled(3)). */
public final class SystemdWatchdog {
    private static final String PERIOD = "WATCHDOG_USEC";
    private static final String WATCHED = "WATCHDOG_PID";

    private static final int MEALS = 6;

    private SystemdWatchdog() {}

    /**
     * Feeds it {@value #MEALS} times in each of the periods that it asks for, on a thread of its own until the process ends,
     * when the service gets on: whatever holds up the whole host for most of a period is then no reason to end it. Never, if
     * nobody watches this process.
     *
     * @param environment ours: {@code $WATCHDOG_USEC} and {@code $WATCHDOG_PID}
     * @param getsOn asked each time, on that thread
     * @param feed such as {@link Keeper#alive}
     */
    public static void feed(Linux linux, Map<String, String> environment, BooleanSupplier getsOn, Runnable feed) {
        String period = environment.getOrDefault(PERIOD, "");
        String watched = environment.getOrDefault(WATCHED, "");
        if (period.matches("[1-9][0-9]{3,15}")
                && (watched.isEmpty()
                        || watched.equals(Long.toString(linux.processes().pid())))) {
            long pause = Long.parseLong(period) / MEALS;
            Thread.ofPlatform().name("watchdog").daemon().start(() -> feed(pause, getsOn, feed));
        }
    }

    private static void feed(long pauseMicros, BooleanSupplier getsOn, Runnable feed) {
        try {
            while (true) {
                if (getsOn.getAsBoolean()) {
                    feed.run();
                }
                TimeUnit.MICROSECONDS.sleep(pauseMicros);
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }
}
