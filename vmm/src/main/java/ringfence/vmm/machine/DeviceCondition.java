package ringfence.vmm.machine;

import ringfence.vmm.device.remote.Phase;
import ringfence.vmm.device.remote.RemoteState;

/**
 * What the API says of a device that a process serves. Immutable.
 *
 * @param state {@code Waiting} for its first back-end, {@code Connected}, {@code Lost}, {@code Reconnecting} or {@code Failed}
 * @param responding whether its back-end is there and does not hang
 * @param reason why it is not Connected, one line; empty if it is
 * @param pid process of the back-end; 0 if none is known
 */
public record DeviceCondition(String state, boolean responding, String reason, int pid) {
    /** In the order of {@link Phase}. */
    private static final String[] WORDS = {"Waiting", "Connected", "Lost", "Reconnecting", "Failed"};

    static DeviceCondition of(RemoteState state) {
        return new DeviceCondition(
                WORDS[state.phase().ordinal()], state.phase() == Phase.CONNECTED, state.reason(), state.peer());
    }

    /** Whether nothing is done about it: it is another one's to end, or what it offers was refused. */
    boolean hasFailed() {
        return state.equals(WORDS[Phase.FAILED.ordinal()]);
    }
}
