package ringfence.vmm.legacy;

/**
 * Bytes written to a port that the hypervisor can keep, in place of an exit each, until they are taken. Called with the
 * port's monitor held.
 */
public interface KeptWrites {
    /** Of a hypervisor that cannot. */
    KeptWrites NONE = new KeptWrites() {
        @Override
        public boolean keep() {
            return false;
        }

        @Override
        public void release() {
            // nothing was kept
        }

        @Override
        public int take() {
            return -1;
        }
    };

    /** Keeps bytes from now on. @return false: it cannot */
    boolean keep();

    /** Keeps no more. When it returns, each further byte is an exit; those before can still be taken. */
    void release();

    /** Takes the oldest byte; -1: there is none. */
    int take();
}
