package ringfence.keep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ringfence.linux.ErrnoException;
import ringfence.linux.Fd;
import ringfence.linux.Linux;
import ringfence.linux.Stat;
import ringfence.linux.Syscall;

class KeptDescriptorsTest {
    /** Numbers that nothing else of this process uses. */
    private static final Predicate<String> ALL = name -> true;

    private static final int FIRST = 700;

    private final Linux linux = Linux.system();
    private final String self = Integer.toString(linux.processes().pid());
    private final List<Stat> given = new ArrayList<>();

    private void give(int count) {
        given.clear();
        for (int i = 0; i < count; i++) {
            try (Fd file = linux.memory().memfd("given", 4096)) {
                given.add(linux.files().stat(file));
                assertThat(linux.kernel().call(Syscall.FCNTL, file.number(), 0 /* F_DUPFD */, FIRST, 0, 0, 0))
                        .isEqualTo(FIRST + i);
            }
        }
    }

    private Map<String, String> environment(String count, String names) {
        Map<String, String> environment = new HashMap<>(Map.of("LISTEN_PID", self, "LISTEN_FDS", count));
        if (names != null) {
            environment.put("LISTEN_FDNAMES", names);
        }
        return environment;
    }

    private boolean isOpen(int number) {
        try {
            linux.files().duplicate(number).close();
            return true;
        } catch (ErrnoException _) {
            return false;
        }
    }

    @Test
    void handsOutWhatThePredecessorLeftByName() {
        give(4);
        KeptDescriptors kept =
                KeptDescriptors.from(linux, environment("4", "node-2a000001:state:node-2a000001:"), ALL, FIRST);
        assertThat(kept.names()).containsExactly("node-2a000001", "state", "node-2a000001", "unknown");
        for (int i = 0; i < 4; i++) {
            assertThat(isOpen(FIRST + i)).as("the number that came").isFalse();
        }
        Fd state = kept.take("state").orElseThrow();
        Fd node = kept.take("node-2a000001").orElseThrow();
        assertThat(linux.files().stat(state)).isEqualTo(given.get(1));
        assertThat(linux.files().stat(node)).isEqualTo(given.get(0));
        assertThat(kept.take("state")).isEmpty();
        assertThat(kept.names()).containsExactly("node-2a000001", "unknown");
        kept.close();
        assertThat(kept.names()).isEmpty();
        // those that were taken are ours
        assertThat(linux.files().stat(state)).isEqualTo(given.get(1));
        state.close();
        node.close();
    }

    @Test
    void whatHasNoNameIsUnknown() {
        give(2);
        try (KeptDescriptors kept = KeptDescriptors.from(linux, environment("2", null), ALL, FIRST)) {
            assertThat(kept.names()).containsExactly("unknown", "unknown");
        }
    }

    /** Such as the sockets of a unit, which its command line names by number. */
    @Test
    void leavesWhatIsNotOursWhereItIs() {
        give(2);
        try (KeptDescriptors kept =
                KeptDescriptors.from(linux, environment("2", "a.socket:state"), "state"::equals, FIRST)) {
            assertThat(kept.names()).containsExactly("state");
            assertThat(isOpen(FIRST)).isTrue();
            assertThat(isOpen(FIRST + 1)).isFalse();
        }
        Fd.own(linux.kernel(), FIRST).close();
    }

    /** A child of the process for which they were meant inherits the variables. */
    @Test
    void takesNothingThatIsMeantForAnother() {
        give(1);
        Map<String, String> others = environment("1", "state");
        others.put("LISTEN_PID", "1");
        assertThat(KeptDescriptors.from(linux, others, ALL, FIRST).names()).isEmpty();
        others.remove("LISTEN_PID");
        assertThat(KeptDescriptors.from(linux, others, ALL, FIRST).names()).isEmpty();
        assertThat(KeptDescriptors.from(linux, Map.of(), ALL).names()).isEmpty();
        assertThat(isOpen(FIRST)).isTrue();
        Fd.own(linux.kernel(), FIRST).close();
    }

    @Test
    void saysThatADescriptorIsMissing() {
        give(1);
        assertThatThrownBy(() -> KeptDescriptors.from(linux, environment("2", "state:x"), ALL, FIRST))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("$LISTEN_FDS=2")
                .hasMessageContaining("EBADF");
        assertThat(isOpen(FIRST)).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "x", "-1", "99999999", "99999999999999"})
    void refusesWhatIsNoNumber(String count) {
        assertThatThrownBy(() -> KeptDescriptors.from(linux, environment(count, "state"), ALL, FIRST))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("$LISTEN_FDS=" + count);
    }
}
