package ringfence.vmm.machine;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import ringfence.process.Log;
import ringfence.vmm.machine.VmException.Reason;

/**
 * What the owner does while the devices stop that a reset, or the machine's end, has told to: until then a daemon may write to
 * guest memory. One that is nobody's to end may take for ever, and no request waits for it:
 *
 * <pre>
 *   at once     the user may end the machine instead
 *   after 1 s   what else is asked is refused, with a line that names the device
 *   after 10 s  so is the reboot, which happens all the same when the device has stopped; an end goes on without it;
 *               both at once where each device that is waited for has Failed before
 * </pre>
 */
final class Resetting {
    /** What a daemon gets to stop its queues. */
    private static final long STOP_NANOS = TimeUnit.SECONDS.toNanos(10);
    /** Most resets take milliseconds, and whoever asks for something meanwhile gets it after them. */
    private static final long QUIET_NANOS = TimeUnit.SECONDS.toNanos(1);
    /** Between two looks at what is asked. */
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final MachineParts parts;
    private final MachineProxy proxy;
    private final Log log;
    private final long start = System.nanoTime();
    private final CompletableFuture<Void> reset;

    /** Begins it. The vCPUs have stopped. */
    Resetting(MachineParts parts, MachineProxy proxy, Log log) {
        this.parts = parts;
        this.proxy = proxy;
        this.log = log;
        reset = parts.reset();
    }

    /** Waits for the devices, for a while: the machine ends, and leaves its memory to nobody else. */
    void thenEnd() throws InterruptedException {
        while (!parts.isReset(reset, LOOK_NANOS)) {
            if (isHopeless() || System.nanoTime() - start > STOP_NANOS) {
                log.warn(late() + "the VM ends without it, and its daemon may go on with what it has begun");
                return;
            }
        }
    }

    /**
     * Waits for the devices, for as long as it takes: the guest is to boot again.
     *
     * @param reboot refused when that is too long; it may be answered already
     * @return by what the user has ended the machine meanwhile
     */
    Optional<MachineCommand> thenBoot(MachineCommand.Ask reboot) throws InterruptedException {
        boolean told = false;
        while (!parts.isReset(reset, LOOK_NANOS)) {
            Optional<MachineCommand> instead = proxy.takeEnd();
            if (instead.isPresent()) {
                thenEnd();
                return instead;
            }
            long passed = System.nanoTime() - start;
            if (passed > QUIET_NANOS) {
                refuse("the guest is being reset: ask again when it runs");
            }
            if (!told && (passed > STOP_NANOS || isHopeless())) {
                told = true;
                String line = late() + "the guest boots again when it has, or its daemon has ended";
                log.error(line);
                reboot.refuse(because(line));
            }
        }
        return Optional.empty();
    }

    /** Whether nobody does anything about those that are waited for. */
    private boolean isHopeless() {
        List<String> waitedFor = parts.resetting();
        return !waitedFor.isEmpty()
                && waitedFor.stream().allMatch(device -> {
                    DeviceCondition condition = proxy.deviceConditions().get(device);
                    return condition != null && condition.hasFailed();
                });
    }

    private void refuse(String line) {
        Optional<MachineCommand.Ask> ask;
        while ((ask = proxy.takeAsk()).isPresent()) {
            ask.get().refuse(because(line));
        }
    }

    /** With a line more for each device that is waited for. */
    private VmException because(String line) {
        List<String> lines = new ArrayList<>(List.of(line));
        for (String device : parts.resetting()) {
            DeviceCondition condition = proxy.deviceConditions().get(device);
            lines.add(device + " has not stopped" + (condition == null ? "" : how(condition)));
        }
        return new VmException(Reason.WRONG_STATE, lines);
    }

    private static String how(DeviceCondition condition) {
        String process = condition.pid() > 0 ? ": its daemon is process " + condition.pid() : "";
        return condition.reason().isEmpty() ? process : process + ", " + condition.reason();
    }

    private String late() {
        long passed = System.nanoTime() - start;
        return passed < STOP_NANOS
                ? "a device does not respond: "
                : "a device does not stop within " + TimeUnit.NANOSECONDS.toSeconds(STOP_NANOS) + " s: ";
    }
}
