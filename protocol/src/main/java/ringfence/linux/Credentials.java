package ringfence.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Set;

/**
 * Who the calling thread, a platform thread, is, and for whom it touches files. Raw calls, which change that thread only; the
 * C library's would change all. None but {@link #become} and {@link #effective} allocates.
 */
public final class Credentials {
    private static final int LINUX_CAPABILITY_VERSION_3 = 0x20080522;
    private static final int HEADER = 8;
    private static final int DATA = 12;
    private static final int CLONE_FS = 0x200;
    private static final int PR_SET_KEEPCAPS = 8;
    private static final int PR_CAP_AMBIENT = 47;
    private static final int PR_CAP_AMBIENT_RAISE = 2;

    private final Kernel kernel;

    Credentials(Kernel kernel) {
        this.kernel = kernel;
    }

    /** setfsuid(2). Leaving 0 takes the privileges over files from the thread, coming back gives them back. */
    public void user(int id) {
        kernel.call(Syscall.SETFSUID, Integer.toUnsignedLong(id), 0, 0, 0, 0, 0);
    }

    /** setfsgid(2). */
    public void group(int id) {
        kernel.call(Syscall.SETFSGID, Integer.toUnsignedLong(id), 0, 0, 0, 0, 0);
    }

    /** setgroups(2): no supplementary groups. @return 0, or minus the errno */
    public long tryNoGroups() {
        return kernel.call(Syscall.SETGROUPS, 0, 0, 0, 0, 0, 0);
    }

    /** setgroups(2): these. @param groups words of 4 bytes */
    public long tryGroups(MemorySegment groups, int count) {
        return Call.keeping(groups, kernel.call(Syscall.SETGROUPS, count, groups.address(), 0, 0, 0, 0));
    }

    /** unshare(2): the thread's umask and working directory are its own from now on. @return 0, or minus the errno */
    public long tryOwnMask() {
        return kernel.call(Syscall.UNSHARE, CLONE_FS, 0, 0, 0, 0, 0);
    }

    /** umask(2). @return the mask before */
    public int mask(int mask) {
        return (int) kernel.call(Syscall.UMASK, mask, 0, 0, 0, 0, 0);
    }

    /**
     * Makes the calling thread another user's, for good: this user and group, no further groups, and of root's privileges
     * these alone, which what it starts keeps (ambient ones).
     *
     * @param id of both, 1 to 2^31 - 1
     * @throws ErrnoException EPERM without CAP_SETGID and CAP_SETUID, or if it has not what it is to keep; EINVAL: the
     *     number is none in this user namespace
     */
    public void become(int id, Set<Capability> kept) {
        prctl(PR_SET_KEEPCAPS, 1, 0);
        Call.check(tryNoGroups(), Syscall.SETGROUPS, "none");
        Call.check(kernel.call(Syscall.SETRESGID, id, id, id, 0, 0, 0), Syscall.SETRESGID, "group " + id);
        Call.check(kernel.call(Syscall.SETRESUID, id, id, id, 0, 0, 0), Syscall.SETRESUID, "user " + id);
        long bits = bits(kept);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(HEADER + 2 * DATA, 8);
            memory.set(ValueLayout.JAVA_INT, 0, LINUX_CAPABILITY_VERSION_3);
            for (int at = 0; at < 2 * DATA; at += 4) { // effective, permitted, inheritable; twice
                memory.set(ValueLayout.JAVA_INT, HEADER + at, (int) (bits >>> 32 * (at / DATA)));
            }
            Call.check(
                    kernel.call(Syscall.CAPSET, memory.address(), memory.address() + HEADER, 0, 0, 0, 0),
                    Syscall.CAPSET,
                    kept.toString());
        }
        for (Capability one : kept) {
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, one.number());
        }
    }

    private void prctl(int option, long first, long second) {
        Call.check(kernel.call(Syscall.PRCTL, option, first, second, 0, 0, 0), Syscall.PRCTL, option + " " + second);
    }

    private static long bits(Iterable<Capability> all) {
        long bits = 0;
        for (Capability capability : all) {
            bits |= 1L << capability.number();
        }
        return bits;
    }

    /** The thread's effective capabilities, a bit for each ({@link Capability#number}). */
    public long effective() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(HEADER + 2 * DATA, 8);
            memory.set(ValueLayout.JAVA_INT, 0, LINUX_CAPABILITY_VERSION_3);
            Call.check(
                    kernel.call(Syscall.CAPGET, memory.address(), memory.address() + HEADER, 0, 0, 0, 0),
                    Syscall.CAPGET,
                    "");
            return Integer.toUnsignedLong(memory.get(ValueLayout.JAVA_INT, HEADER))
                    | (long) memory.get(ValueLayout.JAVA_INT, HEADER + DATA) << 32;
        }
    }

    /** Whether the thread has this one. */
    public boolean has(Capability capability) {
        return (effective() >>> capability.number() & 1) != 0;
    }

    /** The thread's capabilities as they are now, to be put on again by {@link Saved#tryRestore}. */
    public Saved save() {
        return new Saved();
    }

    /** What a thread could do at a moment. One owner thread. */
    public final class Saved {
        private final MemorySegment memory = Arena.ofAuto().allocate(HEADER + 2 * DATA, 8);

        private Saved() {
            memory.set(ValueLayout.JAVA_INT, 0, LINUX_CAPABILITY_VERSION_3);
            Call.check(
                    Call.keeping(
                            memory,
                            kernel.call(Syscall.CAPGET, memory.address(), memory.address() + HEADER, 0, 0, 0, 0)),
                    Syscall.CAPGET,
                    "");
        }

        /** Takes all others than these out of what it would put on. */
        public Saved only(Capability... kept) {
            long bits = bits(List.of(kept));
            for (int word = 0; word < 2; word++) {
                long at = HEADER + (long) DATA * word;
                memory.set(ValueLayout.JAVA_INT, at, memory.get(ValueLayout.JAVA_INT, at) & (int) (bits >>> 32 * word));
            }
            return this;
        }

        /** Takes one out of what it would put on. */
        public Saved without(Capability capability) {
            long at = HEADER + (long) DATA * (capability.number() / 32);
            int bits = memory.get(ValueLayout.JAVA_INT, at);
            memory.set(ValueLayout.JAVA_INT, at, bits & ~(1 << capability.number() % 32));
            return this;
        }

        /** capset(2): the effective ones are these; permitted and inheritable ones stay. @return 0, or minus the errno */
        public long tryRestore() {
            return Call.keeping(
                    memory, kernel.call(Syscall.CAPSET, memory.address(), memory.address() + HEADER, 0, 0, 0, 0));
        }
    }
}
