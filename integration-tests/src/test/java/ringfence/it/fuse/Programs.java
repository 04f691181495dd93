package ringfence.it.fuse;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The daemons that take the same tests: where virtiofsd passes too, it is the test that is right. */
final class Programs {
    private Programs() {}

    /** Ours, and virtiofsd where this machine has it. */
    static List<FsProgram> both() {
        return Stream.of(FsProgram.ours(), FsProgram.virtiofsd())
                .flatMap(Optional::stream)
                .toList();
    }
}
