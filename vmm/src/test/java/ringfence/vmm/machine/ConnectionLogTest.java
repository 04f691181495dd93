package ringfence.vmm.machine;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.OutputStream;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ringfence.process.Program;
import ringfence.vmm.device.remote.Phase;
import ringfence.vmm.device.remote.RemoteState;
import ringfence.vmm.event.Event;
import ringfence.vmm.event.ToldEvents;

/** What is told of a device's connection. */
class ConnectionLogTest {
    private final List<Event> told = new ArrayList<>();
    private final List<String> failed = new ArrayList<>();
    private final ConnectionLog watch = new ConnectionLog("_disk0", new Counters(), new ToldEvents(told), failed::add);

    @AfterEach
    void dropsTheLog() {
        Program.run("test", new PrintStream(OutputStream.nullOutputStream()), () -> 0);
    }

    private void changes(Phase phase, String reason, int pid, int reconnects, long gapNanos) {
        watch.changed(new RemoteState(phase, reason, pid, 1, reconnects, gapNanos, gapNanos, 0, false));
    }

    @Test
    void theFirstConnectionALossAndASuccessorWithTheGapAreTold() {
        changes(Phase.CONNECTING, "not tried yet", 0, 0, 0);
        changes(Phase.CONNECTED, "", 100, 0, 0);
        watch.unresponsive("it does not stop a queue");
        changes(Phase.LOST, "it has gone", 100, 0, 0);
        changes(Phase.RECONNECTING, "nobody there", 100, 0, 0);
        changes(Phase.RECONNECTING, "nobody listens", 100, 0, 0);
        changes(Phase.CONNECTED, "", 101, 1, 7_000_000);
        assertThat(told)
                .containsExactly(
                        new Event.DeviceConnected("_disk0", 100),
                        new Event.DeviceUnresponsive("_disk0", "it does not stop a queue"),
                        new Event.DeviceLost("_disk0", "it has gone"),
                        new Event.DeviceReconnecting("_disk0", "nobody there"),
                        new Event.DeviceReconnecting("_disk0", "nobody listens"),
                        new Event.DeviceReconnected("_disk0", 101, 7_000_000));
    }

    @Test
    void aBackendThatHangsAndGoesOnIsTold() {
        changes(Phase.CONNECTED, "", 100, 0, 0);
        watch.changed(new RemoteState(Phase.LOST, "it hangs", 100, 1, 0, 0, 0, 1, true));
        changes(Phase.CONNECTED, "", 100, 0, 0);
        watch.changed(new RemoteState(Phase.FAILED, "end it", 100, 1, 0, 0, 0, 2, true));
        watch.failedRequests(3);
        assertThat(told)
                .containsExactly(
                        new Event.DeviceConnected("_disk0", 100),
                        new Event.DeviceUnresponsive("_disk0", "it hangs"),
                        new Event.DeviceResponds("_disk0"),
                        new Event.DeviceUnresponsive("_disk0", "end it"),
                        new Event.RequestsFailed("_disk0", 3));
        assertThat(failed).as("another back-end would not help").isEmpty();
    }

    @Test
    void aBackendThatWillNotDoIsTold() {
        changes(Phase.FAILED, "it lacks features", 0, 0, 0);
        assertThat(told).containsExactly(new Event.DeviceRefused("_disk0", "it lacks features"));
        assertThat(failed).containsExactly("it lacks features");
    }
}
