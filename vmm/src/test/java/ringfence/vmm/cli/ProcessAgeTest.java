package ringfence.vmm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ProcessAgeTest {
    @Test
    void isTheHostsUptimeLessTheProcesssStart() {
        String stat = "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 1 2 0 0 20 0 1 0 12345 999 8 7";
        assertThat(ProcessAge.millis("124.00 200.00\n", stat)).hasValue(550);
    }

    @Test
    void ofThisProcessIsPositiveAndGrows() throws InterruptedException {
        long before = ProcessAge.millis().orElseThrow();
        Thread.sleep(30);
        assertThat(before).isPositive();
        assertThat(ProcessAge.millis().orElseThrow()).isGreaterThan(before);
    }
}
