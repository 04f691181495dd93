package ringfence.memory;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** A program that stores where its file has ended, in each of the ways of {@link OrderedStores}. */
public final class StoresBehindTheEnd {
    private static final int BYTES = 1 << 16;

    private StoresBehindTheEnd() {}

    /** @param arguments the file */
    public static void main(String... arguments) throws IOException {
        MemorySegment memory;
        try (FileChannel file = FileChannel.open(
                Path.of(arguments[0]), StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.allocate(BYTES));
            memory = file.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, Arena.global());
            file.truncate(0);
        }
        tell("two bytes, released", () -> OrderedStores.release(memory, BYTES / 2, (short) 1));
        tell("two bytes, opaque", () -> OrderedStores.opaque(memory, BYTES / 2, (short) 1));
        tell("a byte, released", () -> OrderedStores.release(memory, BYTES / 2, (byte) 1));
    }

    private static void tell(String what, Runnable store) {
        try {
            store.run();
            System.out.println(what + ": stored");
        } catch (InternalError _) {
            System.out.println(what + ": told");
        }
    }
}
