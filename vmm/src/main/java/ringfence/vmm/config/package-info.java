/**
 * What a virtual machine shall be: immutable records with Cloud Hypervisor's names and defaults.
 *
 * <h2>Theory of operation</h2>
 * Each record has one {@link ringfence.option.OptionTable}, {@code TABLE}, from which flags, JSON, help and schema
 * follow, and a method {@code problems}, which says what contradicts itself or is not offered: one
 * {@link ringfence.vmm.config.Problem} per mistake, each a line that names the option and the remedy.
 * {@link ringfence.vmm.config.VmConfig} holds them all and adds the rules between them. What depends on the host comes
 * in as {@link ringfence.vmm.config.HostLimits}; files are looked at by who opens them.
 */
package ringfence.vmm.config;
