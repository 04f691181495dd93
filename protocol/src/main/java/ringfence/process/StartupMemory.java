package ringfence.process;

import java.io.BufferedReader;
import java.io.IOException;
import java.util.List;
import ringfence.linux.FilePages;
import ringfence.linux.Linux;

/** What a start has touched and a running program does not need: pages of the AOT cache, the JVM and its modules. */
public final class StartupMemory {
    private static final long SETTLED_MILLIS = 5_000;
    /** To look for the mappings is compiled by the JIT, in which the compilers touch most of the JVM: not before that. */
    private static final long LOOKED_MILLIS = 3_000;
    /** The second time is for a guest that takes long to boot. */
    private static final long AGAIN_MILLIS = 12_000;

    private static final List<String> FILES = List.of(".aot", "/libjvm.so", "/lib/modules");

    private StartupMemory() {}

    /** Gives it back when the program has settled, on a thread of its own. What that opens is opened now. */
    public static void giveBackLater(Linux linux) {
        BufferedReader mappings;
        try {
            mappings = FilePages.mappings();
        } catch (IOException _) {
            return; // it stays as it is
        }
        Thread.ofPlatform().name("settle").daemon().start(() -> {
            try {
                Thread.sleep(SETTLED_MILLIS);
                FilePages.Ranges ranges = linux.filePages().find(mappings, FILES);
                Thread.sleep(LOOKED_MILLIS);
                ranges.forget();
                Thread.sleep(AGAIN_MILLIS);
                ranges.forget();
            } catch (InterruptedException | IOException _) {
                // it stays as it is
            }
        });
    }
}
