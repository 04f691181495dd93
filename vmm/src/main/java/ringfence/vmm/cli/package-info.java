/**
 * The command lines: {@code ringfence} and {@code cloud-hypervisor}.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.vmm.cli.Flags} lists what may be written; the machine's flags come from the option tables of
 * {@code vmm.config}. A plain command to run a VM is read by {@link ringfence.vmm.cli.QuickReader}, which knows nothing
 * but that list. All else goes to picocli: help, versions, sub-commands, and whatever the quick reader does not
 * understand, so that a mistake is answered in picocli's words with its suggestions. picocli's model is built from the
 * same list, without reflection, and is not even loaded on the way to the first instruction of a guest.
 *
 * <p>{@link ringfence.vmm.cli.VmArguments} turns what was read into records; {@link ringfence.vmm.cli.HostChecks} looks
 * at the host; {@link ringfence.vmm.cli.RunCommand} hands both to a {@link ringfence.vmm.cli.MachineStarter}.
 */
package ringfence.vmm.cli;
