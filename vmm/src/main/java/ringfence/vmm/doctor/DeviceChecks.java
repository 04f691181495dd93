package ringfence.vmm.doctor;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import ringfence.linux.ErrnoException;

/** Devices that this user may open, or not. */
final class DeviceChecks {
    private static final String TUN = "/dev/net/tun";
    private static final String TAP = "tun";
    private static final String VHOST = "vhost";
    private static final int NET_ADMIN = 12;

    private DeviceChecks() {}

    static List<Finding> of(Host host) {
        return List.of(tun(host), vhost(host));
    }

    private static Finding tun(Host host) {
        Optional<ErrnoException> refusal = host.opens(TUN);
        if (refusal.isPresent()) {
            return Finding.warn(
                    TAP,
                    TUN + ": " + refusal.get().errno().text(),
                    "modprobe tun, chmod 0666 " + TUN + "; for --net tap=, others need none");
        }
        boolean administers = host.text("/proc/self/status")
                .flatMap(all ->
                        all.lines().filter(line -> line.startsWith("CapEff:")).findFirst())
                .filter(line -> (Long.parseUnsignedLong(
                                                line.substring("CapEff:".length())
                                                        .strip(),
                                                16)
                                        >> NET_ADMIN
                                & 1)
                        != 0)
                .isPresent();
        return administers
                ? Finding.ok(TAP, TUN + " opens, and this user may make taps")
                : Finding.warn(
                        TAP,
                        TUN + " opens, but this user may make no taps",
                        "ip tuntap add mode tap user USER makes one; --net passt=on and switch=NAME need none");
    }

    private static Finding vhost(Host host) {
        TreeSet<String> devices = new TreeSet<>();
        try (DirectoryStream<Path> found = Files.newDirectoryStream(host.path("/dev"), "vhost-*")) {
            found.forEach(device -> devices.add("/dev/" + device.getFileName()));
        } catch (IOException _) {
            // there are none
        }
        if (devices.isEmpty()) {
            return Finding.ok(VHOST, "no /dev/vhost-* is there, and none is needed");
        }
        List<String> closed = new ArrayList<>();
        for (String device : devices) {
            host.opens(device)
                    .ifPresent(e -> closed.add(device + " (" + e.errno().text() + ")"));
        }
        return closed.isEmpty()
                ? Finding.ok(VHOST, String.join(", ", devices) + " open")
                : Finding.warn(
                        VHOST,
                        "not open: " + String.join(", ", closed),
                        "usermod -aG kvm USER where the group may; Ringfence's own devices need none");
    }
}
