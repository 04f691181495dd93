package ringfence.net.fabric;

import java.util.List;
import ringfence.vhostuser.link.Workers;

/** The same where each queue has a thread of its own. */
class SwitchPathOnThreadsTest extends SwitchPathTest {
    @Override
    List<String> onTheWay() {
        return List.of("out/q1", "in/q0");
    }

    @Override
    List<String> threads() {
        return List.of("out/q0", "out/q1", "in/q0", "in/q1");
    }

    @Override
    Workers workers() {
        return Workers.each();
    }
}
