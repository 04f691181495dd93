/**
 * What the VMs of a user, or of the host, do: for {@code ringfence ps}, {@code top} and {@code metrics}.
 *
 * <h2>Theory of operation</h2>
 * Each VMM counts in a file of its runtime directory, and so do its daemons ({@link ringfence.telemetry}). Here those files
 * are found and read, and nobody is asked anything: a VMM that is stopped or hangs is shown like any other, and none of them
 * notices. A file says itself what its counters are, so nothing here knows a daemon; all that it says may be a lie, and goes
 * no further than to the user's terminal. Whether a VMM lives is asked of the kernel, by the number and the start of its
 * process.
 */
package ringfence.vmm.observe;
