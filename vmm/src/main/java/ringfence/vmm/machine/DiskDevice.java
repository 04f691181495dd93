package ringfence.vmm.machine;

import ringfence.vmm.config.DiskConfig;
import ringfence.vmm.device.remote.RemoteDevice;

/**
 * A disk and its device.
 *
 * @param config as configured
 * @param device the front-end of its daemon
 */
record DiskDevice(DiskConfig config, RemoteDevice device) {}
