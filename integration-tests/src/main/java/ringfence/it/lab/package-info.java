/**
 * Machines on which KVM runs stock kernels, and guests on them, as tests see them.
 *
 * <p>A {@link ringfence.it.lab.KvmHost} starts programs, feeds and reads them, signals them and moves files. Behind
 * it is this machine where its KVM can run a stock kernel, and otherwise L1: a Debian kernel under QEMU's TCG that
 * {@code packaging/lab} boots. A test does not know which. Both are driven in the same way, through an
 * {@link ringfence.it.lab.agent.Agent} that speaks {@link ringfence.it.lab.agent.Frame frames} over a pair of streams:
 * in L1 it is a process at a virtio-serial port, here it is a thread.
 *
 * <pre>
 *   test ── KvmHost ── AgentClient ══ frames ══ Agent ── the program, its pipes
 *                                       │
 *             in-process pipe, or Unix socket ── QEMU's virtio-serial ── /dev/vport0p1 in L1
 * </pre>
 *
 * <p>Owners: a {@link ringfence.it.lab.KvmHost} owns its programs and its scratch directory and ends them when it is
 * closed. One reader thread per host hands arriving frames to {@link ringfence.it.lab.Program}s; everything public is
 * safe for any thread. Whatever waits has a deadline, and says what it had seen when that passed.
 */
package ringfence.it.lab;
