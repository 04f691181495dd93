package ringfence.memory;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Mapping;
import ringfence.linux.OpenFlag;

/**
 * A program that reads, writes and copies again and again where its file has ended, asks for the error each time, and then does
 * something that has nothing to do with it. Ends with a failure if that gets the error.
 */
public final class AccessesBehindTheEnd {
    private static final int BYTES = 1 << 16;
    private static final long AT = BYTES / 2;

    private final MemoryTable table;
    private final MemorySegment memory;
    private final MemorySegment other = Arena.ofAuto().allocate(BYTES, 64);
    private int told;

    private AccessesBehindTheEnd(MemoryTable table) {
        this.table = table;
        memory = table.segment(0);
    }

    /** @param arguments the file, of 64 KiB, and how often */
    public static void main(String... arguments) throws Exception {
        Linux linux = Linux.system();
        Path file = Path.of(arguments[0]);
        Files.write(file, new byte[BYTES]);
        try (Fd fd = linux.files().open(file.toString(), OpenFlag.RDWR);
                Mapping mapping = linux.memory().mapShrinkable(fd, 0, BYTES)) {
            Files.write(file, new byte[0]);
            AccessesBehindTheEnd one =
                    new AccessesBehindTheEnd(MemoryTable.of(List.of(new Region(0, 0, BYTES, mapping, 0, fd, 0))));
            int times = Integer.parseInt(arguments[1]);
            long sum = 0;
            for (int i = 0; i < times; i++) {
                one.access(i % 3);
                sum += others(i);
            }
            System.out.println("told " + one.told + " of " + times + (sum == 0 ? "?" : ""));
        }
    }

    private void access(int how) {
        try {
            switch (how) {
                case 0 -> other.set(ValueLayout.JAVA_BYTE, 0, memory.get(ValueLayout.JAVA_BYTE, AT));
                case 1 -> memory.set(ValueLayout.JAVA_BYTE, AT, (byte) 1);
                default -> MemorySegment.copy(memory, AT, other, 0, 1000);
            }
            table.raiseFaults();
        } catch (InternalError _) {
            told++;
        }
    }

    /** With safepoints. */
    private static long others(long from) {
        long sum = 1;
        for (long i = from; i < from + 20; i++) {
            sum += i;
        }
        return sum;
    }
}
