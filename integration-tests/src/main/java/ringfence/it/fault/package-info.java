/**
 * Daemons that die, and disks that fail: what a guest notices of it.
 *
 * <p>{@link ringfence.it.fault.KillRun} kills the block daemon with SIGKILL at random moments under stamped random
 * writes, from a front-end without a virtual machine that reconnects as the VMM does, and checks that every write that
 * was acknowledged is there, in its place, whole. The test runs a few kills, {@code packaging/soak} many.
 */
package ringfence.it.fault;
