package ringfence.vmm.transport;

/** Who is told how far a device's driver has come. Called by any thread; never blocks. */
public interface DriverListener {
    /** Nobody listens. */
    DriverListener NONE = new DriverListener() {
        @Override
        public void activated() {
            // nobody listens
        }

        @Override
        public void reset() {
            // nobody listens
        }
    };

    /** The driver is ready, and the queues run. */
    void activated();

    /** The driver has reset the device that it had made run, and the device has stopped. */
    void reset();
}
