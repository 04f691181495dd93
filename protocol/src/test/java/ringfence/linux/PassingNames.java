package ringfence.linux;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Makes directories by names that nobody keeps, while the heap is collected again and again, and prints how many there are that
 * have another name, or none. With {@code -XX:TieredStopAtLevel=1} threads may be held up between an address and its use.
 */
final class PassingNames {
    private static final int WARM = 30_000;
    private static final int SPINNERS = 4;
    private static final int GARBAGE = 4096;

    private PassingNames() {}

    /** @param arguments a folder, and for how many milliseconds */
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        Linux linux = Linux.system();
        int wrong = 0;
        int count = 0;
        try (Fd opened = linux.files().open(folder.toString(), OpenFlag.PATH, OpenFlag.DIRECTORY)) {
            for (; count < WARM; count++) {
                wrong += isWrong(linux, opened, folder, count);
            }
            background(PassingNames::collect);
            for (int i = 0; i < SPINNERS; i++) {
                background(PassingNames::litter);
            }
            long end = System.nanoTime() + Long.parseLong(arguments[1]) * 1_000_000;
            for (; System.nanoTime() < end; count++) {
                wrong += isWrong(linux, opened, folder, count);
            }
        }
        System.out.println(wrong + " of " + count);
    }

    private static int isWrong(Linux linux, Fd in, Path folder, int number) throws Exception {
        String name = "a-directory-of-no-account-" + number;
        linux.paths().tryMakeDirectory(in, new Name(name), 0755);
        return Files.deleteIfExists(folder.resolve(name)) ? 0 : 1;
    }

    private static void background(Runnable work) {
        Thread.ofPlatform().daemon().start(work);
    }

    private static void collect() {
        while (true) {
            System.gc();
            Thread.yield();
        }
    }

    private static void litter() {
        long sum = 0;
        while (sum >= 0) {
            sum += new byte[GARBAGE].length;
        }
    }
}
