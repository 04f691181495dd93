package ringfence.fs.share;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import ringfence.fs.fuse.FuseRequest;
import ringfence.linux.Capability;
import ringfence.linux.Credentials;
import ringfence.linux.Errno;
import ringfence.linux.Linux;

/**
 * For whom a queue's thread makes files. Between {@link #enter} and {@link #leave} new files belong to the request's user
 * and group; the privileges to reach them stay, but for the one that would keep set-group-ID bits. One owner thread, which
 * is the thread that is changed; allocates nothing once it is prepared.
 */
final class Caller {
    private static final Capability[] NEEDED = {
        Capability.SETUID, Capability.SETGID, Capability.CHOWN, Capability.FOWNER, Capability.DAC_OVERRIDE
    };
    /** What else is of use; the rest of root's privileges is not for what a guest asks for. */
    private static final Capability[] KEPT = {
        Capability.SETUID,
        Capability.SETGID,
        Capability.CHOWN,
        Capability.FOWNER,
        Capability.DAC_OVERRIDE,
        Capability.DAC_READ_SEARCH,
        Capability.FSETID,
        Capability.MKNOD,
        Capability.SETFCAP
    };

    private final Linux linux;
    private final Credentials credentials;
    private final ShareOptions options;
    private final MemorySegment oneGroup = Arena.ofAuto().allocate(4, 4);
    private boolean prepared;
    private boolean privileged;
    private int ownUser;
    private int ownGroup;
    private Credentials.Saved all;
    private Credentials.Saved reach;
    private boolean lessened;
    private boolean otherUser;
    private boolean otherGroup;
    private boolean inGroup;
    private boolean masked;

    Caller(Linux linux, ShareOptions options) {
        this.linux = linux;
        this.options = options;
        credentials = linux.credentials();
    }

    /** On the thread, before its first request: no umask, no supplementary groups. */
    void prepare() {
        if (prepared) {
            return;
        }
        prepared = true;
        credentials.tryOwnMask();
        credentials.mask(0);
        ownUser = linux.processes().effectiveUser();
        ownGroup = linux.processes().effectiveGroup();
        privileged = true;
        for (Capability capability : NEEDED) {
            privileged &= credentials.has(capability);
        }
        if (privileged) {
            credentials.tryNoGroups();
        }
        all = credentials.save().only(KEPT);
        all.tryRestore();
        reach = credentials.save().without(Capability.FSETID);
    }

    /** @return 0, or minus EPERM: the guest's user may not */
    int enter(FuseRequest request) {
        long user = options.users().toHost(request.user());
        long group = options.groups().toHost(request.group());
        if (user == IdMap.FORBIDDEN || group == IdMap.FORBIDDEN) {
            return -Errno.EPERM.number();
        }
        if (!privileged) {
            return 0;
        }
        if (request.hasGroup()) {
            long further = options.groups().toHost(request.directoryGroup());
            if (further != IdMap.FORBIDDEN) {
                oneGroup.set(ValueLayout.JAVA_INT, 0, (int) further);
                inGroup = credentials.tryGroups(oneGroup, 1) == 0;
            }
        }
        if ((int) group != ownGroup) {
            credentials.group((int) group);
            otherGroup = true;
        }
        if ((int) user != ownUser) {
            credentials.user((int) user);
            otherUser = true;
            reach.tryRestore();
            lessened |= ownUser != 0; // who is root gets them back with the user
        }
        return 0;
    }

    /** As {@link #enter}, for a file whose permission bits the guest has left to us to mask. */
    int enter(FuseRequest request, boolean mask, int umask) {
        if (mask && (umask & 0777) != 0) {
            credentials.mask(umask & 0777);
            masked = true;
        }
        return enter(request);
    }

    /** Back to ourselves. */
    void leave() {
        if (otherUser) {
            credentials.user(ownUser);
            otherUser = false;
        }
        if (otherGroup) {
            credentials.group(ownGroup);
            otherGroup = false;
        }
        if (lessened) {
            all.tryRestore();
            lessened = false;
        }
        if (inGroup) {
            credentials.tryNoGroups();
            inGroup = false;
        }
        if (masked) {
            credentials.mask(0);
            masked = false;
        }
    }

    /** As {@link #enter}, for a file that keeps its set-group-ID bit only if the request's group is its own. */
    int enterUnprivileged(FuseRequest request) {
        int refused = enter(request);
        if (refused == 0) {
            writeAsNobody();
        }
        return refused;
    }

    /** Until {@link #leave}, what is written loses its set-user-ID bits and capabilities, as anybody's would. */
    void writeAsNobody() {
        if (privileged) {
            reach.tryRestore();
            lessened = true;
        }
    }
}
