package ringfence.it.fuse;

import static ringfence.it.fuse.FuseSession.ROOT;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import ringfence.linux.Errno;

/**
 * Random requests that make, move, remove, count and open, against a model that says what each has to answer: a request
 * that was done twice, or not at all, or counted twice, shows at once or at the end. One owner thread.
 */
public final class NamesRun {
    private static final int NAMES = 12;
    private static final int NO_REPLACE = 1;
    private static final int EXCHANGE = 2;
    /** A kernel lets go of what it does not use, and what has lost its name costs a daemon a descriptor each. */
    private static final int MOST_KNOWN = 512;

    private enum Kind {
        FILE,
        FOLDER,
        LINK
    }

    /** What names may lead to. */
    private static final class Thing {
        final Kind kind;
        long node;
        long lookups;
        int links;
        long size;
        final Map<String, Integer> attributes = new HashMap<>();
        final List<Long> handles = new ArrayList<>();

        Thing(Kind kind) {
            this.kind = kind;
            links = kind == Kind.FOLDER ? 2 : 1;
        }
    }

    private record Place(int folder, int name) {}

    private final FuseSession fuse;
    private final SplittableRandom random;
    private final boolean all;
    private final long[] folders = new long[2];
    private final Map<Place, Thing> names = new HashMap<>();
    private final List<Thing> known = new ArrayList<>();
    private final TreeMap<String, Long> counts = new TreeMap<>();
    private long operations;
    private String last = "";

    /**
     * Makes two folders to work in. The daemon serves extended attributes.
     *
     * @param all false: leave out what ends virtiofsd, and what it does not promise
     */
    public NamesRun(FuseSession fuse, SplittableRandom random, boolean all) {
        this(fuse, random, all, "folder");
    }

    /** The same with other folders. */
    public NamesRun(FuseSession fuse, SplittableRandom random, boolean all, String prefix) {
        this.fuse = fuse;
        this.random = random;
        this.all = all;
        for (int i = 0; i < folders.length; i++) {
            folders[i] = fuse.names().mkdir(ROOT, prefix + i, 0755).node();
        }
    }

    private Place somewhere() {
        return new Place(random.nextInt(folders.length), random.nextInt(NAMES));
    }

    private static String name(Place place) {
        return "name" + place.name();
    }

    private long in(Place place) {
        return folders[place.folder()];
    }

    /** One request. @throws IllegalStateException if it is not answered as the model says */
    public void step() {
        operations++;
        if (known.size() > MOST_KNOWN) {
            letGo(some());
        }
        switch (random.nextInt(30)) {
            case 0, 1, 2, 3 -> create(somewhere());
            case 4, 5 -> make(somewhere(), Kind.FOLDER);
            case 6, 7 -> make(somewhere(), random.nextBoolean() ? Kind.FILE : Kind.LINK);
            case 8, 9 -> link(somewhere());
            case 10, 11 -> unlink(somewhere());
            case 12, 13 -> rmdir(somewhere());
            case 14, 15, 16, 17 -> rename(somewhere(), somewhere());
            case 18, 19 -> lookup(somewhere());
            case 20, 21 -> forget();
            case 22, 23, 24 -> open();
            case 25, 26 -> attribute();
            case 27, 28 -> append();
            default -> list(random.nextInt(folders.length));
        }
    }

    private void expect(String what, Place at, Errno error, Runnable call) {
        last = what + " at " + at;
        counts.merge(what.split(" ", -1)[0], 1L, Long::sum);
        Errno met = null;
        try {
            call.run();
        } catch (FuseException e) {
            met = e.errno();
        }
        if (met != error) {
            throw wrong("answered with " + met + " in place of " + error);
        }
    }

    private IllegalStateException wrong(String how) {
        return new IllegalStateException("operation " + operations + ", " + last + ": " + how);
    }

    private void found(Thing thing, Entry entry) {
        if (thing.lookups == 0) {
            thing.node = entry.node();
            known.add(thing);
        }
        if (thing.node != entry.node()) {
            throw wrong("node " + Long.toHexString(entry.node()) + " in place of " + Long.toHexString(thing.node));
        }
        thing.lookups++;
        same(thing, entry.attr());
    }

    private void same(Thing thing, Attr attr) {
        if (attr.links() != thing.links || thing.kind == Kind.FILE && attr.size() != thing.size) {
            throw wrong(attr.links() + " links, " + attr.size() + " bytes, not " + thing.links + ", " + thing.size);
        }
    }

    private void create(Place at) {
        Thing there = names.get(at);
        boolean exclusive = random.nextBoolean();
        if (there != null && (there.kind == Kind.LINK || !all)) {
            exclusive = true;
        }
        Errno error = there == null ? null : exclusive ? Errno.EEXIST : there.kind == Kind.FOLDER ? Errno.EISDIR : null;
        int flags = OpenFiles.RDWR | (exclusive ? OpenFiles.EXCL : 0);
        expect("create " + exclusive, at, error, () -> {
            Created made = fuse.names().create(in(at), name(at), flags, 0644);
            Thing thing = there == null ? new Thing(Kind.FILE) : there;
            names.put(at, thing);
            found(thing, made.entry());
            if (thing.handles.size() < 2) {
                thing.handles.add(made.opened().handle());
            } else {
                fuse.files().release(thing.node, made.opened().handle());
            }
        });
    }

    private void make(Place at, Kind kind) {
        Thing there = names.get(at);
        expect("make " + kind, at, there == null ? null : Errno.EEXIST, () -> {
            Entry entry = switch (kind) {
                case FOLDER -> fuse.names().mkdir(in(at), name(at), 0755);
                case FILE -> fuse.names().mknod(in(at), name(at), 0100644, 0);
                case LINK -> fuse.names().symlink(in(at), name(at), "target");
            };
            Thing thing = new Thing(kind);
            names.put(at, thing);
            found(thing, entry);
        });
    }

    private void link(Place at) {
        Place from = somewhere();
        Thing thing = names.get(from);
        if (thing == null || thing.kind == Kind.FOLDER || thing.lookups == 0) {
            return;
        }
        expect("link", at, names.containsKey(at) ? Errno.EEXIST : null, () -> {
            Entry entry = fuse.names().link(thing.node, in(at), name(at));
            thing.links++;
            names.put(at, thing);
            found(thing, entry);
        });
    }

    /** A kernel looks up what it is about to remove or move, and virtiofsd relies on that. */
    private void seen(Place at) {
        Thing thing = names.get(at);
        if (thing != null && thing.lookups == 0 && (!all || random.nextBoolean())) {
            lookup(at);
        }
    }

    private void unlink(Place at) {
        seen(at);
        Thing thing = names.get(at);
        if (!all && thing == null) {
            return;
        }
        Errno error = thing == null ? Errno.ENOENT : thing.kind == Kind.FOLDER ? Errno.EISDIR : null;
        expect("unlink", at, error, () -> fuse.names().unlink(in(at), name(at)));
        if (error == null) {
            removed(at);
        }
    }

    private void rmdir(Place at) {
        seen(at);
        Thing thing = names.get(at);
        if (!all && thing == null) {
            return;
        }
        Errno error = thing == null ? Errno.ENOENT : thing.kind != Kind.FOLDER ? Errno.ENOTDIR : null;
        expect("rmdir", at, error, () -> fuse.names().rmdir(in(at), name(at)));
        if (error == null) {
            removed(at);
        }
    }

    private void removed(Place at) {
        Thing thing = names.remove(at);
        thing.links = thing.kind == Kind.FOLDER ? 0 : thing.links - 1;
    }

    private void rename(Place from, Place to) {
        seen(from);
        seen(to);
        int flags = random.nextInt(3);
        Thing moved = names.get(from);
        Thing there = names.get(to);
        if (!all && (moved == null || flags == EXCHANGE && there == null)) {
            return; // no kernel asks, and virtiofsd has an answer of its own
        }
        Errno error = renameError(moved, there, flags);
        expect(
                "rename " + flags + " to " + to,
                from,
                error,
                () -> fuse.names().rename2(in(from), name(from), in(to), name(to), flags));
        if (error != null || moved == there) {
            return;
        }
        if (flags == EXCHANGE) {
            names.put(from, there);
        } else {
            if (there != null) {
                removed(to);
            }
            names.remove(from);
        }
        names.put(to, moved);
    }

    private static Errno renameError(Thing moved, Thing there, int flags) {
        if (moved == null) {
            return Errno.ENOENT;
        }
        if (flags == NO_REPLACE) {
            return there == null ? null : Errno.EEXIST;
        }
        if (flags == EXCHANGE) {
            return there == null ? Errno.ENOENT : null;
        }
        if (there == null || there == moved) {
            return null;
        }
        if (there.kind == Kind.FOLDER && moved.kind != Kind.FOLDER) {
            return Errno.EISDIR;
        }
        return moved.kind == Kind.FOLDER && there.kind != Kind.FOLDER ? Errno.ENOTDIR : null;
    }

    private void lookup(Place at) {
        Thing thing = names.get(at);
        expect(
                "lookup",
                at,
                thing == null ? Errno.ENOENT : null,
                () -> found(thing, fuse.names().lookup(in(at), name(at))));
    }

    /** All names of a folder, each of which is counted; in buffers so small that some names do not fit. */
    private void list(int folder) {
        Map<Place, Entry> entries = new HashMap<>();
        expect("list", new Place(folder, 0), null, () -> {
            for (DirectoryEntry entry : fuse.directories().all(folders[folder], 700, true)) {
                if (!entry.name().startsWith(".")) {
                    Place at = new Place(folder, Integer.parseInt(entry.name().substring(4)));
                    if (entries.put(at, entry.entry()) != null) {
                        throw wrong(entry.name() + " is there twice");
                    }
                }
            }
        });
        for (int name = 0; name < NAMES; name++) {
            Place at = new Place(folder, name);
            Entry entry = entries.get(at);
            if ((entry != null) != names.containsKey(at)) {
                throw wrong(name(at) + (entry == null ? " is not listed" : " is listed"));
            }
            if (entry != null) {
                found(names.get(at), entry);
            }
        }
    }

    private Thing some() {
        return known.isEmpty() ? null : known.get(random.nextInt(known.size()));
    }

    private void forget() {
        Thing thing = some();
        if (thing == null) {
            return;
        }
        long least = thing.handles.isEmpty() ? 0 : 1;
        long less = Math.min(thing.lookups - least, 1 + random.nextLong(3));
        if (less > 0) {
            expect("forget " + less, null, null, () -> fuse.names().forget(thing.node, less));
            thing.lookups -= less;
            if (thing.lookups == 0) {
                known.remove(thing);
                gone(thing);
            }
        }
    }

    /** All of its lookups are forgotten: a daemon that still knows it has counted one twice. */
    private void gone(Thing thing) {
        try {
            fuse.attributes().get(thing.node);
        } catch (FuseException e) {
            return;
        }
        throw wrong("node " + Long.toHexString(thing.node) + " is known though it was forgotten");
    }

    private void open() {
        Thing thing = some();
        if (thing == null || thing.kind != Kind.FILE) {
            return;
        }
        if (thing.handles.size() == 2) {
            expect("release", null, null, () -> fuse.files().release(thing.node, thing.handles.removeFirst()));
        } else if (thing.links > 0) {
            expect(
                    "open",
                    null,
                    null,
                    () -> thing.handles.add(fuse.files()
                            .open(thing.node, OpenFiles.RDWR | OpenFiles.APPEND)
                            .handle()));
        }
        expect("getattr", null, null, () -> same(thing, fuse.attributes().get(thing.node)));
    }

    private void attribute() {
        Thing thing = some();
        if (thing == null || thing.kind != Kind.FILE) {
            return;
        }
        String name = "user.a" + random.nextInt(3);
        int value = random.nextInt();
        int flags = random.nextInt(3);
        boolean there = thing.attributes.containsKey(name);
        if (random.nextInt(3) == 0) {
            expect(
                    "removexattr",
                    null,
                    there ? null : Errno.ENODATA,
                    () -> fuse.attributes().removeXattr(thing.node, name));
            thing.attributes.remove(name);
            return;
        }
        Errno error = flags == 1 && there ? Errno.EEXIST : flags == 2 && !there ? Errno.ENODATA : null;
        byte[] bytes = Integer.toString(value).getBytes(StandardCharsets.US_ASCII);
        expect("setxattr " + flags, null, error, () -> fuse.attributes().setXattr(thing.node, name, bytes, flags));
        if (error == null) {
            thing.attributes.put(name, value);
        }
        if (thing.attributes.containsKey(name)) {
            String expected = Integer.toString(thing.attributes.get(name));
            expect("getxattr", null, null, () -> {
                byte[] found = fuse.attributes().getXattr(thing.node, name, 100);
                if (!expected.equals(new String(found, StandardCharsets.US_ASCII))) {
                    throw wrong("the attribute's value is another");
                }
            });
        }
    }

    /** Through a handle that was opened for appending: the offset says nothing. */
    private void append() {
        Thing thing = some();
        if (thing == null || thing.handles.isEmpty()) {
            return;
        }
        int length = 1 + random.nextInt(100);
        long handle = thing.handles.getLast();
        expect("append", null, null, () -> {
            if (fuse.files().write(thing.node, handle, thing.size, OpenFiles.filled(length, 1)) != length) {
                throw wrong("a part was written");
            }
        });
        thing.size += length;
        expect("getattr", null, null, () -> same(thing, fuse.attributes().get(thing.node)));
    }

    private void letGo(Thing thing) {
        last = "finish with a " + thing.kind + " of " + thing.links + " links";
        for (long handle : thing.handles) {
            fuse.files().release(thing.node, handle);
        }
        thing.handles.clear();
        expect(last, null, null, () -> same(thing, fuse.attributes().get(thing.node)));
        fuse.names().forget(thing.node, thing.lookups - 1);
        same(thing, fuse.attributes().get(thing.node));
        fuse.names().forget(thing.node, 1);
        thing.lookups = 0;
        known.remove(thing);
        gone(thing);
    }

    /** Lets go of everything; then nothing is known but what has a name. */
    public void finish() {
        for (Thing thing : List.copyOf(known)) {
            letGo(thing);
        }
        for (int folder = 0; folder < folders.length; folder++) {
            int number = folder;
            long expected =
                    names.keySet().stream().filter(at -> at.folder() == number).count();
            long there = fuse.directories().all(folders[folder], 4096, false).size() - 2L;
            if (there != expected) {
                throw wrong("folder " + folder + " has " + there + " names in place of " + expected);
            }
        }
    }

    /** One line. */
    public String report() {
        StringBuilder line = new StringBuilder(operations + " steps as the model says:");
        counts.forEach((name, count) ->
                line.append(' ').append(name).append(' ').append(count).append(','));
        return line.substring(0, line.length() - 1);
    }
}
