/**
 * Measurements of what the programs do, side by side with their peers.
 *
 * <h2>Theory of operation</h2>
 * {@link ringfence.it.bench.BlkBench} starts one daemon process per {@link ringfence.it.bench.Contender} and disk, and
 * drives each over its vhost-user socket from a front-end in this process ({@link ringfence.it.bench.LoadDriver}),
 * without a virtual machine. Contenders alternate within each row, and a row shows medians of the rounds. A null
 * back-end, which answers without looking at a disk, shows what the front-end itself can do; a row above 80 % of that
 * says more about the front-end than about the daemon, is marked, and counts neither way. Whether the data is right is
 * asked in rows of its own, by reading back stamps.
 *
 * <p>{@link ringfence.it.bench.BootBench} starts monitors, ours and QEMU's in turn, on this machine
 * ({@link ringfence.it.bench.StartsHere}) and in the lab ({@link ringfence.it.bench.StartsInL1}).
 *
 * <p>{@link ringfence.it.bench.NetBench} has frames go round between two ports of a back-end and a testpmd in front of
 * them ({@link ringfence.it.bench.SwitchedPorts}): our switch in turn with DPDK's own back-end.
 * In the lab ({@link ringfence.it.bench.TapInL1}), two guests send over taps, one of ours and one of QEMU's.
 *
 * <p>{@link ringfence.it.bench.FsBench} drives FUSE requests ({@link ringfence.it.bench.FsLoop}) against our daemon,
 * virtiofsd and a null back-end in turn, each on a folder of its own ({@link ringfence.it.bench.FsTarget}) and alive for
 * as long as the others: virtiofsd serves one connection and ends.
 *
 * <p>The front-ends of {@code BlkBench}, {@code FsBench} and {@code NetBench} run on core 0, the daemons on the others, where there are others.
 */
package ringfence.it.bench;
