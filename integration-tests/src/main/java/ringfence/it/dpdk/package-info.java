/**
 * DPDK's testpmd, as a front-end of vhost-user (its driver {@code virtio_user}) and as a back-end ({@code net_vhost}),
 * without a virtual machine and without huge pages.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.it.dpdk.Testpmd} is one process. It is asked over its own command line: a command goes to its standard
 * input, and its answer is what stands in its log before the next prompt. {@link ringfence.it.dpdk.PortStatistics} reads
 * such an answer. The program is the system's or a copy that {@code packaging/testpmd} has made.
 */
package ringfence.it.dpdk;
