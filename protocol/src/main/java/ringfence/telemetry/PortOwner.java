package ringfence.telemetry;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ringfence.linux.Fd;
import ringfence.linux.Linux;

/**
 * Whose counters are a device's among those of others in one file, because one daemon serves several VMs: {@code
 * PID.TICKS/DEVICE}. A VMM connects from a socket of this name; the kernel says whether the number is its own.
 */
public final class PortOwner {
    private static final Pattern NAME = Pattern.compile("([1-9][0-9]{0,9})\\.[0-9]{1,19}/[A-Za-z0-9_.-]{1,60}");
    private static final int MOST = 60;

    private PortOwner() {}

    /**
     * Of a device.
     *
     * @param pid the VMM's process
     * @param ticks when that began, see {@link ProcessStat}: another one may have its number later
     * @param device its name; those that differ in odd characters or behind the 60th share a name, and one of them has it
     */
    public static String of(long pid, long ticks, String device) {
        String name = device.replaceAll("[^A-Za-z0-9_.-]", "_");
        return pid + "." + ticks + "/" + name.substring(0, Math.min(name.length(), MOST));
    }

    /** What a front-end's socket is called, if that is an owner of its own process. Empty: it has no such name, or lies. */
    public static Optional<String> ofPeer(Linux linux, Fd socket) {
        String name = linux.sockets().peerName(socket);
        Matcher parts = NAME.matcher(name);
        return parts.matches()
                        && Long.parseLong(parts.group(1))
                                == linux.sockets().peer(socket).pid()
                ? Optional.of(name)
                : Optional.empty();
    }
}
