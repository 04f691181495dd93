package ringfence.sandbox;

import java.util.EnumSet;
import java.util.Set;
import ringfence.linux.Capability;
import ringfence.linux.FileRight;

/** What it takes to share a folder. */
public final class FolderRights {
    /** To do in a folder for a guest's users what they may do: their files are theirs, whoever they are. */
    public static final Set<Capability> PRIVILEGES = Set.of(
            Capability.CHOWN,
            Capability.DAC_OVERRIDE,
            Capability.DAC_READ_SEARCH,
            Capability.FOWNER,
            Capability.FSETID,
            Capability.SETGID,
            Capability.SETUID,
            Capability.MKNOD,
            Capability.SETFCAP);

    private FolderRights() {}

    /** All in it, or to look at it. */
    public static PathRule ofFolder(String path, boolean readonly) {
        Set<FileRight> rights = EnumSet.complementOf(EnumSet.of(FileRight.EXECUTE, FileRight.IOCTL_DEV));
        if (readonly) {
            rights.retainAll(Set.of(FileRight.READ_FILE, FileRight.READ_DIR));
        }
        return new PathRule(path, rights);
    }
}
