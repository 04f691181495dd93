package ringfence.vmm.pci;

import java.util.List;

/** The host bridge in slot 0 of segment 0, 8086:0d57: there to be found, with nothing to drive. */
public final class HostBridge {
    private static final PciIdentity IDENTITY = new PciIdentity(0x8086, 0x0D57, 0, 0x06_0000, 0, 0);

    private HostBridge() {}

    /** A new one. */
    public static PciFunction create() {
        return new PciFunction(new ConfigSpace(IDENTITY), List.of());
    }
}
