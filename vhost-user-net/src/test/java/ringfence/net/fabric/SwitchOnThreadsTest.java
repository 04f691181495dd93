package ringfence.net.fabric;

import ringfence.vhostuser.link.Workers;

/** The same where each queue has a thread of its own, so that every frame goes through a lane. */
class SwitchOnThreadsTest extends SwitchTest {
    @Override
    Workers workers() {
        return Workers.each();
    }
}
