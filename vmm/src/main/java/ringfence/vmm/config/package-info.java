/**
 * What a machine shall be: immutable records with Cloud Hypervisor's names and defaults. Whoever holds one may rely on
 * its rules; how it came about (flags, JSON) is not its business.
 */
package ringfence.vmm.config;
