package ringfence.it.fuse;

import static ringfence.it.fuse.FuseSession.ROOT;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.TreeMap;

/**
 * Random reads, writes, cuts, holes, copies and reopenings of one file, after the idea of fsx: a model in memory says what
 * every read has to bring. One owner thread.
 */
public final class Fsx {
    /** How far the file reaches. */
    public static final int MOST = 256 << 10;

    private static final int LONGEST = 64 << 10;
    private static final int KEEP_SIZE = 1;
    private static final int PUNCH_HOLE = 2;
    private static final String NAME = "fsx";

    private final FuseSession fuse;
    private final SplittableRandom random;
    private final boolean unlinked;
    private final byte[] model = new byte[MOST];
    private final TreeMap<String, Long> counts = new TreeMap<>();
    private final long node;
    private long handle;
    private int size;
    private long operations;
    private String last = "";

    /**
     * Makes the file.
     *
     * @param unlinked it has no name while it is used, and so is never opened again
     */
    public Fsx(FuseSession fuse, SplittableRandom random, boolean unlinked) {
        this.fuse = fuse;
        this.random = random;
        this.unlinked = unlinked;
        Created made = fuse.names().create(ROOT, NAME, OpenFiles.RDWR | OpenFiles.EXCL, 0600);
        node = made.entry().node();
        handle = made.opened().handle();
        if (unlinked) {
            fuse.names().unlink(ROOT, NAME);
        }
    }

    /** One operation, and what follows from it. @throws IllegalStateException if the file is not as the model */
    public void step() {
        operations++;
        int kind = random.nextInt(100);
        try {
            if (kind < 35) {
                read();
            } else if (kind < 70) {
                write();
            } else if (kind < 78) {
                truncate();
            } else if (kind < 85) {
                punch();
            } else if (kind < 93) {
                copy();
            } else if (kind < 97) {
                reopen();
            } else {
                check();
            }
        } catch (FuseException e) {
            throw new IllegalStateException("operation " + operations + ", " + last + ": " + e.getMessage(), e);
        }
    }

    private void is(String operation, long from, long length) {
        last = operation + " of " + length + " bytes at " + from;
        counts.merge(operation, 1L, Long::sum);
    }

    private void read() {
        int from = random.nextInt(MOST);
        int length = 1 + random.nextInt(LONGEST);
        is("read", from, length);
        compare(from, length);
    }

    private void compare(int from, int length) {
        int expected = Math.max(0, Math.min(length, size - from));
        int read = fuse.files().readInPlace(node, handle, from, length);
        if (read != expected) {
            throw new IllegalStateException(
                    "operation " + operations + ", " + last + ": " + read + " bytes came, the file has " + size);
        }
        if (!fuse.files().matches(model, from, read)) {
            long at = MemorySegment.ofArray(model)
                    .asSlice(from, read)
                    .mismatch(fuse.data().asSlice(0, read));
            throw new IllegalStateException("operation " + operations + ", " + last + ": byte " + (from + at) + " is "
                    + fuse.data().get(ValueLayout.JAVA_BYTE, at) + " in place of " + model[(int) (from + at)]);
        }
    }

    private void write() {
        int from = random.nextInt(MOST);
        int length = Math.min(1 + random.nextInt(LONGEST), MOST - from);
        is("write", from, length);
        byte mark = (byte) operations;
        for (int i = 0; i < length; i++) {
            model[from + i] = (byte) (mark + i * 7 + (i >> 8));
        }
        MemorySegment.copy(model, from, fuse.data(), ValueLayout.JAVA_BYTE, 0, length);
        int written = fuse.files().writeInPlace(node, handle, from, length, 0);
        if (written != length) {
            throw new IllegalStateException("operation " + operations + ", " + last + ": " + written + " were written");
        }
        size = Math.max(size, from + length);
    }

    private void truncate() {
        int to = random.nextInt(MOST);
        is("truncate", to, 0);
        Attr attr = random.nextBoolean()
                ? fuse.attributes().truncate(node, handle, to)
                : fuse.attributes().truncate(node, to);
        if (to < size) {
            Arrays.fill(model, to, size, (byte) 0);
        }
        size = to;
        same(attr.size());
    }

    private void punch() {
        if (size == 0) {
            return;
        }
        int from = random.nextInt(size);
        int length = 1 + random.nextInt(LONGEST);
        is("punch", from, length);
        fuse.files().fallocate(node, handle, PUNCH_HOLE | KEEP_SIZE, from, length);
        Arrays.fill(model, from, Math.min(MOST, from + length), (byte) 0);
    }

    /** Of ranges that do not overlap. */
    private void copy() {
        if (size < 2) {
            return;
        }
        int half = Math.min(LONGEST, size / 2);
        int length = 1 + random.nextInt(half);
        int first = random.nextInt(size - 2 * length + 1);
        int second = first + length + random.nextInt(size - first - 2 * length + 1);
        boolean up = random.nextBoolean();
        int from = up ? first : second;
        int to = up ? second : first;
        is("copy to " + (up ? "above" : "below"), from, length);
        int done = 0;
        while (done < length) {
            int copied = fuse.files().copyRange(node, handle, from + done, node, handle, to + done, length - done);
            if (copied <= 0) {
                throw new IllegalStateException("operation " + operations + ", " + last + ": " + copied + " copied");
            }
            done += copied;
        }
        System.arraycopy(model, from, model, to, length);
    }

    private void reopen() {
        is("reopen", 0, 0);
        if (unlinked) {
            fuse.files().fsync(node, handle, 0);
            return;
        }
        fuse.files().flush(node, handle);
        fuse.files().release(node, handle);
        handle = fuse.files().open(node, OpenFiles.RDWR).handle();
    }

    private void check() {
        is("check", 0, size);
        same(fuse.attributes().get(node).size());
    }

    private void same(long found) {
        if (found != size) {
            throw new IllegalStateException(
                    "operation " + operations + ", " + last + ": size is " + found + " in place of " + size);
        }
    }

    /** Compares all of it, and closes it. */
    public void finish() {
        is("finish", 0, size);
        for (int from = 0; from < size; from += LONGEST) {
            compare(from, LONGEST);
        }
        check();
        fuse.files().release(node, handle);
        if (!unlinked) {
            fuse.names().unlink(ROOT, NAME);
        }
        fuse.names().forget(node, 1);
    }

    /** One line. */
    public String report() {
        StringBuilder line =
                new StringBuilder(String.format(Locale.ROOT, "%,d operations without a mismatch:", operations));
        counts.forEach((name, count) -> line.append(String.format(Locale.ROOT, " %s %,d,", name, count)));
        return line.substring(0, line.length() - 1);
    }
}
