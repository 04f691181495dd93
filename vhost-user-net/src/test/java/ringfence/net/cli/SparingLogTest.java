package ringfence.net.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SparingLogTest {
    private long now;

    @Test
    void whatIsTooMuchIsCounted() {
        List<String> lines = new ArrayList<>();
        SparingLog log = new SparingLog(lines::add, () -> now);
        for (int i = 0; i < SparingLog.LINES + 5; i++) {
            log.accept("line");
        }
        assertThat(lines).hasSize(SparingLog.LINES).containsOnly("line");
        now += TimeUnit.MINUTES.toNanos(1) + 1;
        log.accept("late");
        log.accept("later");
        assertThat(lines).hasSize(SparingLog.LINES + 1).endsWith("late (5 lines before it were left out)");
    }
}
