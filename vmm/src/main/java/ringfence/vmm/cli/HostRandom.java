package ringfence.vmm.cli;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.OpenFlag;

/** The kernel's randomness, without the JDK's providers of it, which take their time at start. */
final class HostRandom {
    private static final String SOURCE = "/dev/urandom";

    private HostRandom() {}

    /** 64 random bits. */
    static long bits(Linux linux) {
        try (Fd source = linux.files().open(SOURCE, OpenFlag.RDONLY);
                Arena arena = Arena.ofConfined()) {
            MemorySegment bytes = arena.allocate(8, 8);
            linux.files().read(source, bytes); // never short for so few
            return bytes.get(ValueLayout.JAVA_LONG, 0);
        }
    }
}
