package ringfence.vmm.event;

import java.util.Locale;
import java.util.concurrent.TimeUnit;

/**
 * Something that has happened to the VMM, to its VM or to one of its devices. Immutable. One closed family. What vCPU threads
 * tell is made before.
 */
public sealed interface Event {
    /** What is written of it. */
    EventForm form();

    /** What only the journal takes: {@code --event-monitor}'s readers know the rest from Cloud Hypervisor. */
    sealed interface Journaled extends Event {}

    /** The life of the VMM. */
    enum Vmm implements Event {
        STARTING,
        SHUTDOWN;

        private final EventForm form = EventForm.of("vmm", name().toLowerCase(Locale.ROOT));

        @Override
        public EventForm form() {
            return form;
        }
    }

    /** The life of the VM. What ends in -ING is told before it is tried, and nothing follows if it fails. */
    enum Vm implements Event {
        BOOTING,
        BOOTED,
        PAUSING,
        PAUSED,
        RESUMING,
        RESUMED,
        /** The balloon is given another size. */
        RESIZING,
        RESIZED,
        REBOOTING,
        REBOOTED,
        /** It was booted, and is not any more. */
        SHUTDOWN,
        /** Its configuration is gone. */
        DELETED;

        private final EventForm form = EventForm.of("vm", name().toLowerCase(Locale.ROOT));

        @Override
        public EventForm form() {
            return form;
        }
    }

    /** A vCPU of this number is there, for the boot that follows. */
    record VcpuCreated(int cpu) implements Event {
        @Override
        public EventForm form() {
            return EventForm.of("cpu_manager", "create_vcpu", EventForm.ID, Integer.toString(cpu));
        }
    }

    /** The guest has told of its crash. */
    enum GuestPanic implements Event {
        PANIC,
        /** It goes on in a crash kernel. */
        CRASH_LOADED;

        private final EventForm form = EventForm.of("guest", "panic", "event", name().toLowerCase(Locale.ROOT));

        @Override
        public EventForm form() {
            return form;
        }
    }

    /**
     * The guest's driver has set a device up, and its queues run.
     *
     * @param form made once, since a guest may have this told as often as it likes
     */
    record DeviceActivated(String id, EventForm form) implements Event {
        public DeviceActivated(String id) {
            this(id, EventForm.of("virtio-device", "activated", EventForm.ID, id));
        }
    }

    /**
     * The guest's driver has reset a device that it had set up.
     *
     * @param form made once, since a guest may have this told as often as it likes
     */
    record DeviceReset(String id, EventForm form) implements Event {
        public DeviceReset(String id) {
            this(id, EventForm.of("virtio-device", "reset", EventForm.ID, id));
        }
    }

    /**
     * A device has left the machine.
     *
     * @param bdf where it was: segment, bus, slot and function
     */
    record DeviceRemoved(String id, String bdf) implements Event {
        @Override
        public EventForm form() {
            return EventForm.of("vm", "device-removed", "bdf", bdf, EventForm.ID, id);
        }
    }

    /**
     * The back-end of a device has gone, or has failed us.
     *
     * @param reason one line
     */
    record DeviceLost(String id, String reason) implements Event {
        @Override
        public EventForm form() {
            return EventForm.ours("device-lost", EventForm.ID, id, EventForm.REASON, reason);
        }
    }

    /**
     * A successor serves the device.
     *
     * @param pid its process; 0: not known
     * @param gapNanos how long the guest was without a back-end
     */
    record DeviceReconnected(String id, int pid, long gapNanos) implements Event {
        @Override
        public EventForm form() {
            return EventForm.ours(
                    "device-reconnected",
                    EventForm.ID,
                    id,
                    "pid",
                    Integer.toString(pid),
                    "gap_us",
                    Long.toString(TimeUnit.NANOSECONDS.toMicros(gapNanos)));
        }
    }

    /**
     * Whoever should serve a device refuses, or cannot be used as it is.
     *
     * @param reason one line
     */
    record DeviceRefused(String id, String reason) implements Event {
        @Override
        public EventForm form() {
            return EventForm.ours("device-refused", EventForm.ID, id, EventForm.REASON, reason);
        }
    }

    /**
     * The machine cannot go on.
     *
     * @param reason one line
     */
    record MachineFailed(String reason) implements Event {
        @Override
        public EventForm form() {
            return EventForm.ours("machine-failed", EventForm.REASON, reason);
        }
    }

    /**
     * A request of the API had members that nobody knows, and which had no effect.
     *
     * @param endpoint its path
     * @param members their names, for a person
     */
    record UnknownMembers(String endpoint, String members) implements Event {
        @Override
        public EventForm form() {
            return EventForm.ours("unknown-members", "endpoint", endpoint, "members", members);
        }
    }

    /**
     * A request of the API asked for what has no effect.
     *
     * @param endpoint its path
     * @param options what, for a person
     */
    record Unheeded(String endpoint, String options) implements Event {
        @Override
        public EventForm form() {
            return EventForm.ours("no-effect", "endpoint", endpoint, "options", options);
        }
    }

    /** So many events before this one were dropped: whoever reads was too slow, or not there. */
    record EventsLost(long count) implements Event {
        @Override
        public EventForm form() {
            return EventForm.ours("events-lost", "count", Long.toString(count));
        }
    }

    /**
     * The first back-end serves the device.
     *
     * @param pid its process; 0: not known
     */
    record DeviceConnected(String id, int pid) implements Journaled {
        @Override
        public EventForm form() {
            return EventForm.ours("device-connected", EventForm.ID, id, "pid", Integer.toString(pid));
        }
    }

    /**
     * The device waits for a successor, which is not there yet; told anew when the reason is another one.
     *
     * @param reason one line
     */
    record DeviceReconnecting(String id, String reason) implements Journaled {
        @Override
        public EventForm form() {
            return EventForm.ours("device-reconnecting", EventForm.ID, id, EventForm.REASON, reason);
        }
    }

    /**
     * A back-end is there, and does not do what it should.
     *
     * @param reason one line
     */
    record DeviceUnresponsive(String id, String reason) implements Journaled {
        @Override
        public EventForm form() {
            return EventForm.ours("device-unresponsive", EventForm.ID, id, EventForm.REASON, reason);
        }
    }

    /** A back-end that hung goes on. */
    record DeviceResponds(String id) implements Journaled {
        @Override
        public EventForm form() {
            return EventForm.ours("device-responds", EventForm.ID, id);
        }
    }

    /**
     * A back-end has failed requests with each of which two before it had died.
     *
     * @param count of them
     */
    record RequestsFailed(String id, long count) implements Journaled {
        @Override
        public EventForm form() {
            return EventForm.ours("requests-failed", EventForm.ID, id, "count", Long.toString(count));
        }
    }

    /**
     * What ends a boot, or the VMM, in good order.
     *
     * @param reason one line
     */
    record Ends(String reason) implements Journaled {
        @Override
        public EventForm form() {
            return EventForm.ours("end", EventForm.REASON, reason);
        }
    }

    /**
     * A request of the API that asks for a change was answered.
     *
     * @param method such as PUT
     * @param endpoint its path
     * @param status of the answer
     * @param nanos from the request, complete, to its answer
     */
    record ApiCalled(String method, String endpoint, int status, long nanos) implements Journaled {
        @Override
        public EventForm form() {
            return EventForm.ours(
                    "api-call",
                    "method",
                    method,
                    "endpoint",
                    endpoint,
                    "status",
                    Integer.toString(status),
                    "duration_us",
                    Long.toString(TimeUnit.NANOSECONDS.toMicros(nanos)));
        }
    }
}
