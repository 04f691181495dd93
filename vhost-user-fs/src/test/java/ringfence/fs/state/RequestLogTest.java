package ringfence.fs.state;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ringfence.fs.state.TestState.text;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ringfence.linux.Linux;

class RequestLogTest {
    private static final int MKDIR = 9;
    private static final int FORGET = 2;

    private TestState test = TestState.create(Linux.system(), TestState.SMALL);

    @AfterEach
    void close() {
        test.close();
    }

    private void done(int queue, long unique, int opcode, String reply) {
        try (Transaction transaction = test.state.begin(queue)) {
            transaction.done(unique, opcode, text(reply), reply.length());
            transaction.commit();
        }
    }

    @Test
    void aRequestIsNewThenBegunThenDone() {
        assertThat(test.past(0, 2, MKDIR)).isEqualTo("NEW");
        test.state.log(0).intend(2, MKDIR, 1, -2, 3, 4);
        assertThat(test.past(0, 2, MKDIR)).isEqualTo("BEGUN 1 -2 3 4");
        done(0, 2, MKDIR, "r".repeat(256));
        assertThat(test.past(0, 2, MKDIR)).isEqualTo("DONE " + "r".repeat(256));
        test = test.successor();
        assertThat(test.past(0, 2, MKDIR)).isEqualTo("DONE " + "r".repeat(256));
    }

    @Test
    void theKeyIsQueueAndUniqueAndOpcode() {
        done(0, 2, MKDIR, "r");
        assertThat(test.past(0, 2, MKDIR + 1)).isEqualTo("NEW");
        assertThat(test.past(1, 2, MKDIR)).isEqualTo("NEW");
        assertThat(test.past(0, 4, MKDIR)).isEqualTo("NEW");
        assertThat(test.past(0, 0, MKDIR)).isEqualTo("NEW");
    }

    @Test
    void aRequestWithoutAReplyIsDoneToo() {
        done(0, 2, FORGET, "");
        assertThat(test.past(0, 2, FORGET)).isEqualTo("DONE ");
    }

    @Test
    void keepsTheLastFourInWhateverOrderTheirNumbersCome() {
        long[] uniques = {10, 4, 30, 2, -8, 6, Long.MAX_VALUE, Long.MIN_VALUE, 12};
        for (int i = 0; i < uniques.length; i++) {
            assertThat(test.past(0, uniques[i], MKDIR)).isEqualTo("NEW");
            done(0, uniques[i], MKDIR, "r" + i);
            for (int j = Math.max(0, i - 3); j <= i; j++) {
                assertThat(test.past(0, uniques[j], MKDIR)).isEqualTo("DONE r" + j);
            }
            if (i >= 4) {
                assertThat(test.past(0, uniques[i - 4], MKDIR)).isEqualTo("NEW");
            }
            test = i % 3 == 0 ? test.successor() : test;
        }
    }

    /** {@code unique} starts again in each session. */
    @Test
    void anotherSessionKnowsNothing() {
        done(0, 100, MKDIR, "r");
        test.state.log(0).intend(102, MKDIR, 1, 2, 3, 4);
        test.state.beginSession(38, 0, 4096);
        assertThat(test.past(0, 100, MKDIR)).isEqualTo("NEW");
        assertThat(test.past(0, 102, MKDIR)).isEqualTo("NEW");
        done(0, 2, MKDIR, "new");
        assertThat(test.past(0, 2, MKDIR)).isEqualTo("DONE new");
        test = test.successor();
        assertThat(test.past(0, 100, MKDIR)).isEqualTo("NEW");
        assertThat(test.past(0, 2, MKDIR)).isEqualTo("DONE new");
    }

    @Test
    void theLatestIntentOfARequestCounts() {
        test.state.log(0).intend(2, MKDIR, 1, 0, 0, 0);
        test.state.log(0).intend(2, MKDIR, 2, 0, 0, 0);
        assertThat(test.past(0, 2, MKDIR)).isEqualTo("BEGUN 2 0 0 0");
        done(0, 2, MKDIR, "r");
        assertThat(test.past(0, 2, MKDIR)).isEqualTo("DONE r");
    }

    @Test
    void aReplyThatWasGivenUpIsNone() {
        test.state.log(0).intend(2, MKDIR, 5, 0, 0, 0);
        try (Transaction transaction = test.state.begin(0)) {
            transaction.done(2, MKDIR, text("r"), 1);
        }
        try (Transaction transaction = test.state.begin(0)) {
            transaction.done(4, MKDIR, text("r"), 1);
        }
        assertThat(test.past(0, 2, MKDIR)).isEqualTo("BEGUN 5 0 0 0");
        assertThat(test.past(0, 4, MKDIR)).isEqualTo("NEW");
    }

    @Test
    void refusesAReplyThatIsTooLong() {
        try (Transaction transaction = test.state.begin(0)) {
            assertThatThrownBy(() -> transaction.done(2, MKDIR, text("r".repeat(257)), 257))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
