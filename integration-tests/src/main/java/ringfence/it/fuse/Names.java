package ringfence.it.fuse;

import java.nio.charset.StandardCharsets;

/** Requests that find, make and remove names. Names are bytes, whatever they are. */
public final class Names {
    private final FuseSession session;

    Names(FuseSession session) {
        this.session = session;
    }

    private static byte[] utf8(String name) {
        return name.getBytes(StandardCharsets.UTF_8);
    }

    public Entry lookup(long parent, String name) {
        return lookup(parent, utf8(name));
    }

    public Entry lookup(long parent, byte[] name) {
        session.begin(Opcode.LOOKUP, parent).name(name);
        return entry();
    }

    private Entry entry() {
        return Entry.at(session.call(Entry.SIZE).atLeast(Entry.SIZE), 0);
    }

    public void forget(long node, long count) {
        session.begin(Opcode.FORGET, node).u64(count);
        session.call(0);
    }

    /** BATCH_FORGET of pairs of node and count. @param claimed how many the header says there are */
    public void forgetAll(int claimed, long... pairs) {
        FuseRequest request = session.begin(Opcode.BATCH_FORGET, 0).u32(claimed).u32(0);
        for (long word : pairs) {
            request.u64(word);
        }
        session.call(0);
    }

    public Entry mkdir(long parent, String name, int mode) {
        return mkdir(parent, utf8(name), mode);
    }

    public Entry mkdir(long parent, byte[] name, int mode) {
        session.begin(Opcode.MKDIR, parent).u32(mode).u32(0).name(name);
        return entry();
    }

    public Entry mknod(long parent, byte[] name, int mode, int device) {
        session.begin(Opcode.MKNOD, parent).u32(mode).u32(device).u32(0).u32(0).name(name);
        return entry();
    }

    public Entry mknod(long parent, String name, int mode, int device) {
        return mknod(parent, utf8(name), mode, device);
    }

    public Entry symlink(long parent, byte[] name, byte[] target) {
        session.begin(Opcode.SYMLINK, parent).name(name).name(target);
        return entry();
    }

    public Entry symlink(long parent, String name, String target) {
        return symlink(parent, utf8(name), utf8(target));
    }

    public Entry link(long node, long parent, byte[] name) {
        session.begin(Opcode.LINK, parent).u64(node).name(name);
        return entry();
    }

    public Entry link(long node, long parent, String name) {
        return link(node, parent, utf8(name));
    }

    /** @param flags O_* beside O_CREAT */
    public Created create(long parent, byte[] name, int flags, int mode) {
        session.begin(Opcode.CREATE, parent)
                .u32(flags | OpenFiles.CREAT)
                .u32(mode)
                .u32(0)
                .u32(0)
                .name(name);
        FuseReply reply = session.call(Entry.SIZE + Opened.SIZE).atLeast(Entry.SIZE + Opened.SIZE);
        return new Created(Entry.at(reply, 0), Opened.at(reply, Entry.SIZE));
    }

    public Created create(long parent, String name, int flags, int mode) {
        return create(parent, utf8(name), flags, mode);
    }

    public void unlink(long parent, byte[] name) {
        session.begin(Opcode.UNLINK, parent).name(name);
        session.call(0);
    }

    public void unlink(long parent, String name) {
        unlink(parent, utf8(name));
    }

    public void rmdir(long parent, byte[] name) {
        session.begin(Opcode.RMDIR, parent).name(name);
        session.call(0);
    }

    public void rmdir(long parent, String name) {
        rmdir(parent, utf8(name));
    }

    public void rename(long from, byte[] name, long to, byte[] newName) {
        session.begin(Opcode.RENAME, from).u64(to).name(name).name(newName);
        session.call(0);
    }

    /** @param flags RENAME_* */
    public void rename2(long from, byte[] name, long to, byte[] newName, int flags) {
        session.begin(Opcode.RENAME2, from).u64(to).u32(flags).u32(0).name(name).name(newName);
        session.call(0);
    }

    public void rename2(long from, String name, long to, String newName, int flags) {
        rename2(from, utf8(name), to, utf8(newName), flags);
    }

    public String readlink(long node) {
        session.begin(Opcode.READLINK, node);
        FuseReply reply = session.call(0, 0, 4096);
        return reply.text(0, reply.length());
    }
}
