package ringfence.net.cli;

import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import ringfence.net.backend.TapSpec;
import ringfence.net.engine.NetOptions;
import ringfence.vhostuser.link.BackendSocket;

/**
 * One device, as the command line asks for it.
 *
 * @param socket where it is served
 * @param taps where frames go
 * @param options what the driver sees
 * @param mtu of the interface, 68 to 65535; empty: as it is
 * @param host what the host's side is given; only for a tap that we open
 * @param counters the file of counters; empty: there is none
 */
record NetSpec(
        BackendSocket socket,
        TapSpec taps,
        NetOptions options,
        OptionalInt mtu,
        HostSide host,
        Optional<Path> counters) {
    /** The smallest MTU of IPv4; virtio 1.3, 5.1.4.1. */
    private static final int MIN_MTU = 68;

    private static final int MAX_MTU = 65_535;

    NetSpec {
        if (taps instanceof TapSpec.Given && !(host.ip().isEmpty() && host.mac().isEmpty())) {
            throw new IllegalArgumentException(
                    (host.ip().isPresent() ? "--ip" : "--host-mac") + " is not for --backend=fd=N, set it by 'ip'");
        }
        mtu.ifPresent(bytes -> {
            if (bytes < MIN_MTU || bytes > MAX_MTU) {
                throw new IllegalArgumentException("--mtu is " + bytes + ", not " + MIN_MTU + " to " + MAX_MTU);
            }
        });
    }
}
