/**
 * Virtio over PCI: what turns a {@link ringfence.vmm.device.VirtioDevice} into a PCI function.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.vmm.transport.VirtioPciFunction} is put together from parts that each answer a range of BAR 0: {@code
 * CommonConfig} decodes the common registers, {@code DriverState} is the state machine behind the device status, {@code
 * DeviceConfig} and {@code IsrRegister} are small, {@code Bells} are the notification registers, {@code Msix} the vectors.
 *
 * <p>The data path passes none of it: a guest's kick goes through an ioeventfd to whoever serves the queue, the answer
 * through an irqfd to the guest. Both eventfds belong to the function and stay the same for its life; the function
 * assigns and deassigns them as the guest moves the BAR, starts queues, masks vectors.
 *
 * <h2>Who waits</h2>
 * Activation, reset, and whatever a device that is not ready would have to answer are deferred accesses: that vCPU waits,
 * with the machine's deadline, and the device then sets DEVICE_NEEDS_RESET. No monitor is held meanwhile. The order of
 * monitors is: BARs, {@code DriverState}, {@code Bells} or {@code Msix}, the machine's router. A device calls its listener
 * holding none of its own.
 *
 * <p>Specifications: virtio 1.3, 2.1, 3.1 and 4.1; PCI Local Bus 3.0, 6.8.2 (MSI-X).
 */
package ringfence.vmm.transport;
