package ringfence.keep;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ringfence.linux.Linux;

@Timeout(60)
class SystemdWatchdogTest {
    private final Linux linux = Linux.system();
    private final AtomicInteger fed = new AtomicInteger();

    private void awaitFood(int more) throws InterruptedException {
        int before = fed.get();
        while (fed.get() < before + more) {
            Thread.sleep(1);
        }
    }

    @Test
    void ofThisProcessItIsFedAndOfNoOther() throws InterruptedException {
        String self = Long.toString(linux.processes().pid());
        for (Map<String, String> none : List.of(
                Map.<String, String>of(),
                Map.of("WATCHDOG_USEC", "0"),
                Map.of("WATCHDOG_USEC", "often"),
                Map.of("WATCHDOG_USEC", "3000", "WATCHDOG_PID", "1"))) {
            SystemdWatchdog.feed(linux, none, () -> true, fed::incrementAndGet);
        }
        Thread.sleep(50);
        assertThat(fed).hasValue(0);
        SystemdWatchdog.feed(
                linux, Map.of("WATCHDOG_USEC", "3000", "WATCHDOG_PID", self), () -> true, fed::incrementAndGet);
        awaitFood(3);
    }

    @Test
    void whatDoesNotGetOnDoesNotFeedIt() throws InterruptedException {
        AtomicBoolean getsOn = new AtomicBoolean(true);
        SystemdWatchdog.feed(linux, Map.of("WATCHDOG_USEC", "3000"), getsOn::get, fed::incrementAndGet);
        awaitFood(1);
        getsOn.set(false);
        Thread.sleep(20); // it may just have been asked
        int last = fed.get();
        Thread.sleep(50);
        assertThat(fed).hasValue(last);
        getsOn.set(true);
        awaitFood(1);
    }
}
