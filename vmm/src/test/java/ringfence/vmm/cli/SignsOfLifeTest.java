package ringfence.vmm.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class SignsOfLifeTest {
    private static final long MINUTE = TimeUnit.MINUTES.toNanos(1);

    private final List<Runnable> owner = new ArrayList<>();
    private final List<Runnable> api = new ArrayList<>();
    private boolean full;
    private final SignsOfLife signs = new SignsOfLife(List.of(answer -> !full && owner.add(answer), api::add));

    private static void answer(List<Runnable> asked) {
        asked.removeFirst().run();
    }

    @Test
    void whoAnswersInTimeGetsOn() {
        for (int minute = 0; minute < 10; minute += 2) {
            assertThat(signs.getsOn(minute * MINUTE)).isTrue();
            assertThat(owner).as("asked once").hasSize(1);
            answer(owner);
            answer(api);
        }
    }

    @Test
    void whoIsSilentForMoreThanTwoMinutesDoesNotUntilItAnswers() {
        assertThat(signs.getsOn(0)).isTrue();
        answer(owner);
        assertThat(signs.getsOn(2 * MINUTE)).isTrue();
        assertThat(signs.getsOn(3 * MINUTE)).as("the API").isFalse();
        assertThat(api).as("asked once").hasSize(1);
        answer(api);
        assertThat(signs.getsOn(3 * MINUTE)).isTrue();
    }

    @Test
    void whoCannotEvenBeAskedIsAskedAgain() {
        full = true;
        assertThat(signs.getsOn(0)).isTrue();
        answer(api);
        assertThat(signs.getsOn(2 * MINUTE)).isTrue();
        answer(api);
        assertThat(signs.getsOn(3 * MINUTE)).isFalse();
        answer(api);
        full = false;
        assertThat(signs.getsOn(3 * MINUTE)).isFalse();
        answer(owner);
        assertThat(signs.getsOn(4 * MINUTE)).isTrue();
    }
}
