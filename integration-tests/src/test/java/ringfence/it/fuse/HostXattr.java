package ringfence.it.fuse;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Name;
import ringfence.linux.OpenFlag;

/** The host's view of extended attributes, those too that Java does not show. */
final class HostXattr {
    private static final int ROOM = 4096;

    private HostXattr() {}

    private interface Use {
        long of(Fd file, Fd self, Name name, MemorySegment memory);
    }

    private static long with(Path path, String name, MemorySegment memory, Use use) {
        Linux linux = Linux.system();
        try (Arena arena = Arena.ofConfined();
                Fd file = linux.files().open(path.toString(), OpenFlag.PATH, OpenFlag.NOFOLLOW);
                Fd self = linux.files().open("/proc/self/fd", OpenFlag.PATH, OpenFlag.DIRECTORY)) {
            Name text = new Name();
            text.set(arena.allocateFrom(name), 0);
            long result = use.of(file, self, text, memory);
            if (result < 0) {
                throw new IllegalStateException(path + ": " + name + ": " + result);
            }
            return result;
        }
    }

    static void set(Path path, String name, byte[] value) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocateFrom(ValueLayout.JAVA_BYTE, value);
            with(
                    path,
                    name,
                    memory,
                    (file, self, text, from) ->
                            Linux.system().selfFd(self).trySetXattr(file, text, from, 0, value.length, 0));
        }
    }

    static byte[] get(Path path, String name) {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(ROOM);
            long length = with(
                    path,
                    name,
                    memory,
                    (file, self, text, to) -> Linux.system().selfFd(self).tryGetXattr(file, text, to, 0, ROOM));
            return memory.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        }
    }
}
