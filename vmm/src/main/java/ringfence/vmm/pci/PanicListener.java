package ringfence.vmm.pci;

/** Who is told of a guest's crash. Called by a vCPU thread; never blocks. */
public interface PanicListener {
    /** The guest has panicked. */
    void panicked();

    /** The guest has crashed and loaded a crash kernel, which goes on. */
    void crashLoaded();
}
