package ringfence.vmm.event;

/** Something that has happened to the VMM, to its VM or to one of its devices. Immutable. One closed family. */
public sealed interface Event {
    /** The life of the VMM. */
    enum Vmm implements Event {
        STARTING,
        SHUTDOWN
    }

    /** The life of the VM. What ends in -ING is told before it is tried, and nothing follows if it fails. */
    enum Vm implements Event {
        BOOTING,
        BOOTED,
        PAUSING,
        PAUSED,
        RESUMING,
        RESUMED,
        REBOOTING,
        REBOOTED,
        /** It was booted, and is not any more. */
        SHUTDOWN,
        /** Its configuration is gone. */
        DELETED
    }

    /**
     * The guest has told of its crash.
     *
     * @param crashLoaded whether it goes on in a crash kernel
     */
    record GuestPanic(boolean crashLoaded) implements Event {}

    /** The guest's driver has set a device up, and its queues run. */
    record DeviceActivated(String id) implements Event {}

    /** The guest's driver has reset a device that it had set up. */
    record DeviceReset(String id) implements Event {}

    /**
     * A device has left the machine.
     *
     * @param bdf where it was: segment, bus, slot and function
     */
    record DeviceRemoved(String id, String bdf) implements Event {}

    /**
     * The back-end of a device has gone, or has failed us.
     *
     * @param reason one line
     */
    record DeviceLost(String id, String reason) implements Event {}

    /**
     * A successor serves the device.
     *
     * @param pid its process; 0: not known
     * @param gapNanos how long the guest was without a back-end
     */
    record DeviceReconnected(String id, int pid, long gapNanos) implements Event {}

    /**
     * Whoever should serve a device refuses, or cannot be used as it is.
     *
     * @param reason one line
     */
    record DeviceRefused(String id, String reason) implements Event {}

    /**
     * The machine cannot go on.
     *
     * @param reason one line
     */
    record MachineFailed(String reason) implements Event {}

    /**
     * A request of the API had members that nobody knows, and which had no effect.
     *
     * @param endpoint its path
     * @param members their names, for a person
     */
    record UnknownMembers(String endpoint, String members) implements Event {}

    /** So many events before this one were dropped: whoever reads was too slow, or not there. */
    record EventsLost(long count) implements Event {}
}
