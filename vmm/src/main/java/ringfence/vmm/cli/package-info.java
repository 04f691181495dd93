/**
 * The command lines: {@code ringfence}, {@code cloud-hypervisor} and {@code ch-remote}.
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
 *
 * <p>{@code ringfence ctl} and {@code ch-remote} ask a running VMM. {@link ringfence.vmm.cli.RemoteVerbs} lists their
 * commands, {@link ringfence.vmm.cli.RemoteWords} makes a body of what follows one, by the same option tables, and
 * {@link ringfence.vmm.cli.RemoteCall} sends it and prints the answer. The two programs differ in how their socket is
 * found, and {@code ctl} has only commands whose capability is there.
 */
package ringfence.vmm.cli;
