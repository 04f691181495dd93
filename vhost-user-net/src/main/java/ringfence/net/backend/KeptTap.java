package ringfence.net.backend;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import ringfence.keep.KeptDescriptors;
import ringfence.linux.ErrnoException;
import ringfence.linux.Interfaces;
import ringfence.linux.Linux;
import ringfence.linux.Tap;

/**
 * A tap that has outlived the daemon that made it, for somebody has kept its queues. It has its addresses, its place in a
 * bridge and its neighbours yet, and the frames that have come for the guest meanwhile wait in it.
 */
public final class KeptTap {
    private static final String PREFIX = "tap-";

    private KeptTap() {}

    /** Whether a tap's queue is kept under this name. */
    public static boolean isOurs(String name) {
        return name.startsWith(PREFIX);
    }

    /** Of the queue of a pair. */
    static String name(int pair) {
        return PREFIX + pair;
    }

    /**
     * Takes it, if it is what is asked for now: it may have been left by a daemon with other options.
     *
     * @param asked the interface's name; empty: any
     * @return its queues, in the order of their pairs; empty: it is another one, and nothing of it is open here any more
     */
    static List<Tap> take(Linux linux, KeptDescriptors kept, String asked, int pairs) {
        List<Tap> taps = new ArrayList<>();
        try {
            List<String> names = kept.names();
            for (int i = 0; i < names.size(); i++) {
                kept.take(name(i)).ifPresent(fd -> taps.add(Tap.adopt(linux, fd)));
            }
            boolean same = taps.size() == pairs
                    && names.size() == pairs
                    && taps.stream().map(Tap::name).distinct().count() == 1
                    && (asked.isEmpty() || taps.getFirst().name().equals(asked));
            if (same) {
                return taps;
            }
        } catch (IllegalArgumentException _) {
            // it is no tap any more: somebody has deleted the interface
        }
        for (Tap tap : taps) {
            if (tap.multiQueue()) { // whoever has kept it may let go of it a little later
                tap.attach(false);
            }
            tap.close();
        }
        return List.of();
    }

    /** The interface's MTU; what was asked for, where it is out of our sight: it may have been moved to another namespace. */
    static OptionalInt mtu(Interfaces interfaces, String name, OptionalInt asked) {
        try {
            return OptionalInt.of(interfaces.mtu(name));
        } catch (ErrnoException _) {
            return asked;
        }
    }
}
