package ringfence.process;

import java.io.IOException;
import java.util.List;
import ringfence.linux.Linux;

/** What a start has touched and a running program does not need: pages of the AOT cache, the JVM and its modules. */
public final class StartupMemory {
    /** The second time is for a guest that takes long to boot. */
    private static final long[] SETTLED_MILLIS = {8_000, 12_000};

    private static final List<String> FILES = List.of(".aot", "/libjvm.so", "/lib/modules");

    private StartupMemory() {}

    /** Gives it back when the program has settled, on a thread of its own. */
    public static void giveBackLater(Linux linux) {
        Thread.ofPlatform().name("settle").daemon().start(() -> {
            try {
                for (long millis : SETTLED_MILLIS) {
                    Thread.sleep(millis);
                    linux.filePages().forget(FILES);
                }
            } catch (InterruptedException | IOException _) {
                // it stays as it is
            }
        });
    }
}
