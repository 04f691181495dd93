package ringfence.it.fuse;

import java.util.List;
import java.util.OptionalInt;

/** The requests that make a file, in one shape. */
enum Maker {
    CREATE,
    MKDIR,
    MKNOD,
    SYMLINK,
    TMPFILE;

    private static final int CREATE_REPLY = Entry.SIZE + Opened.SIZE;

    /** Those that a daemon knows: virtiofsd up to 7.2 cannot make files without a name. */
    static List<Maker> of(FsProgram program) {
        return program.isOurs() ? List.of(values()) : List.of(CREATE, MKDIR, MKNOD, SYMLINK);
    }

    /** As the session's user. @return what the reply says of it */
    Attr make(FuseSession fuse, long parent, String name, int mode) {
        return make(fuse, parent, name, mode, 0, OptionalInt.empty()).attr();
    }

    /**
     * All that such a request can hold.
     *
     * @param umask of the guest's process
     * @param group of the directory, if the guest's user is in it
     */
    Entry make(FuseSession fuse, long parent, String name, int mode, int umask, OptionalInt group) {
        FuseRequest request = switch (this) {
            case CREATE ->
                fuse.begin(Opcode.CREATE, parent)
                        .u32(OpenFiles.CREAT | OpenFiles.RDWR)
                        .u32(mode)
                        .u32(umask)
                        .u32(0);
            case MKDIR -> fuse.begin(Opcode.MKDIR, parent).u32(mode).u32(umask);
            case MKNOD ->
                fuse.begin(Opcode.MKNOD, parent)
                        .u32(0100000 | mode)
                        .u32(0)
                        .u32(umask)
                        .u32(0);
            case SYMLINK -> fuse.begin(Opcode.SYMLINK, parent);
            case TMPFILE ->
                fuse.begin(Opcode.TMPFILE, parent)
                        .u32(OpenFiles.RDWR)
                        .u32(mode)
                        .u32(umask)
                        .u32(0);
        };
        request.name(name);
        if (this == SYMLINK) {
            request.name("target");
        }
        group.ifPresent(request::group);
        return Entry.at(fuse.call(this == CREATE || this == TMPFILE ? CREATE_REPLY : Entry.SIZE), 0);
    }
}
