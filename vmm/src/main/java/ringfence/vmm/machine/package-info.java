/**
 * One machine: its assembly, its life, its single owner.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.vmm.machine.Vmm} belongs to the thread that runs it; so does the machine that it makes for each boot
 * that a user asks for ({@code Machine}), from its assembly to its end. Everybody else (vCPU threads, devices, the API)
 * posts commands through {@link ringfence.vmm.machine.MachineProxy} and reads the state that the owner has published.
 *
 * <p>What lasts as long as the machine: guest memory, the devices with their daemons, the PCI functions, the console. What
 * is made anew for each boot: KVM's VM with its vCPUs ({@code Processors}) and the legacy ports. A reset therefore leaves
 * nothing of the old guest in KVM, and keeps every daemon, its connection and its locks.
 *
 * <p>Devices may come and go while the guest runs ({@code HotPlug}): the owner fills and empties slots, and waits neither
 * for a daemon nor for the guest.
 *
 * <pre>
 *                 boot: assemble             power-off, no --no-shutdown; panic
 *   (none) -- create --> CREATED ----------> RUNNING --------------------------> end
 *      ^                  |  ^                |  ^  \
 *      `----- delete -----'  |          reset |  |   `-- pause --> PAUSED -- resume --> RUNNING
 *                            |                `--'
 *                            `--- shutdown; power-off, --no-shutdown
 * </pre>
 *
 * Set-up is a race against the clock: daemons start first, then a thread of its own reads the kernel into guest memory,
 * while the owner's thread opens KVM, makes the VM and plugs the devices in.
 */
package ringfence.vmm.machine;
