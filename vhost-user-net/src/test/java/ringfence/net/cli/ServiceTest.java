package ringfence.net.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import ringfence.linux.Linux;
import ringfence.net.backend.TapSpec;
import ringfence.net.engine.MacAddress;
import ringfence.net.engine.NetOptions;
import ringfence.telemetry.CountersReading;
import ringfence.vhostuser.ProtocolFeature;
import ringfence.vhostuser.link.BackendOptions;
import ringfence.vhostuser.link.BackendSocket;
import ringfence.vhostuser.link.Frontend;
import ringfence.vhostuser.link.FrontendOptions;
import ringfence.virtio.Feature;
import ringfence.virtio.NetLayout;

/** A switch as the program serves it: several sockets, one file of counters. */
@Timeout(60)
class ServiceTest {
    private final Linux linux = Linux.system();

    @TempDir
    Path directory;

    private NetSpec.Seat seat(int i, boolean withMac) {
        Optional<MacAddress> mac =
                withMac ? Optional.of(MacAddress.parse("--mac", "52:54:00:00:00:0" + i)) : Optional.empty();
        return new NetSpec.Seat(
                new BackendSocket(Optional.of(directory.resolve("s" + i).toString()), OptionalInt.empty()),
                new NetOptions(1, 256, mac));
    }

    private NetSpec spec(NetSpec.Way way, HostSide host, NetSpec.Seat... seats) {
        return new NetSpec(
                List.of(seats),
                Optional.empty(),
                way,
                OptionalInt.empty(),
                host,
                Optional.of(directory.resolve("c")),
                Optional.empty());
    }

    private static HostSide nothing() {
        return new HostSide(Optional.empty(), Optional.empty());
    }

    @Test
    void everySocketIsAPort() {
        List<String> details = new ArrayList<>();
        NetSpec.Way way = new NetSpec.Switching(Optional.empty(), true, 1);
        try (Service _ = Service.open(
                        linux,
                        spec(way, nothing(), seat(0, true), seat(1, true)),
                        BackendOptions.defaults(),
                        details::add);
                Frontend one = connect(0);
                Frontend two = connect(1)) {
            assertThat(Feature.has(features(one), NetLayout.F_MAC | NetLayout.F_HOST_USO))
                    .isTrue();
            assertThat(features(two)).isNotZero();
            assertThat(CountersReading.of(Linux.system(), "--show-counters", directory.resolve("c"))
                            .values())
                    .extracting(CountersReading.Value::owner)
                    .contains("net0/q0", "net0/q1", "net1/q0", "net1/q1");
        }
        assertThat(details)
                .anyMatch(line -> line.contains("2 ports"))
                .anyMatch(line -> line.contains("port 1, queue 1"));
        assertThat(directory.resolve("s0")).doesNotExist();
        CountersView view =
                CountersView.of(Linux.system(), directory.resolve("c").toString());
        assertThat(view.table()).startsWith("vhost-user-net, process ").contains(", ended ", "\nnet1/q1 packets ");
        assertThat(view.json()).contains("{\"owner\":\"net1/q1\",\"name\":\"drop-port-down\",\"value\":0}");
    }

    private Frontend connect(int port) {
        return Frontend.over(
                linux, linux.sockets().connect(directory.resolve("s" + port).toString()), FrontendOptions.defaults());
    }

    private static long features(Frontend frontend) {
        return frontend.hello(ProtocolFeature.mask(ProtocolFeature.MQ, ProtocolFeature.REPLY_ACK))
                .features();
    }

    /** A port that cannot be served: those before it are gone, too. */
    @Test
    void aFailureLeavesNothingBehind() {
        NetSpec.Way way = new NetSpec.Switching(Optional.empty(), false, 1);
        NetSpec.Seat bad = new NetSpec.Seat(
                new BackendSocket(Optional.empty(), OptionalInt.of(9999)), new NetOptions(1, 256, Optional.empty()));
        assertThatThrownBy(() -> Service.open(
                        linux, spec(way, nothing(), seat(0, false), bad), BackendOptions.defaults(), line -> {}))
                .hasMessageContaining("--fd=9999");
        assertThat(directory.resolve("s0")).doesNotExist();
    }

    @Test
    void whatDoesNotFitTogetherIsRefused() {
        NetSpec.Way tap = new NetSpec.ToTap(new TapSpec.Named(""));
        assertThatThrownBy(() -> spec(tap, nothing(), seat(0, false), seat(1, false)))
                .hasMessageContaining("only --backend=switch");
        NetSpec.Way bound = new NetSpec.Switching(Optional.empty(), true, 1);
        assertThatThrownBy(() -> spec(bound, nothing(), seat(0, true), seat(1, false)))
                .hasMessageContaining("--bind-mac");
        HostSide host = new HostSide(Optional.of(HostSide.Network.parse("192.0.2.1/24")), Optional.empty());
        assertThatThrownBy(() -> spec(bound, host, seat(0, true))).hasMessageContaining("--uplink=tap");
    }
}
