package ringfence.vhostuser.link;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class CrowdTest {
    private final Crowd crowd = new Crowd(2);

    @Test
    void isTightWhileMoreAreAwakeThanThereAreProcessors() {
        crowd.wakes();
        crowd.wakes();
        assertThat(crowd.isTight()).isFalse();
        crowd.wakes();
        assertThat(crowd.isTight()).isTrue();
        crowd.sleeps();
        assertThat(crowd.isTight()).isFalse();
    }
}
